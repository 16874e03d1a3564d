export const source = {
  more: (name: string) => `More actions for ${name}`,
  browse: "Browse files",
  verify: "Verify a sample",
  verifyAll: "Verify every byte",
  verifying: "Source, catalogue and storage are compared now; what does not fit is mended.",
  choose: "Choose what is kept",
  settings: "Settings of this sync",
  checked: "Checked",
  nextLook: "Next look",
  waitsFor: {
    throttled: "The source asked to slow down",
    retry: "Waits to try again",
    paused: "Paused",
    reconnect: "Waits for you to reconnect",
    quota: "Waits for room",
  },
  until: "until",
  /** By how far the source gives hashes. */
  verified: {
    all: "Every byte agrees with the source’s own hash.",
    some: "Verified by the source’s own hash wherever it gives one; each has a SHA-256 of ours.",
    none: "This source gives no hashes to verify them by; each has a SHA-256 of ours.",
  },
  rhythm: {
    still: "Looks for nothing while it stands still",
    manual: "Looks for changes when you ask",
    manualAnnounced: "Looks for changes when you ask, and where the source announces them",
    scheduled: (schedule: string) => `Looks for changes ${schedule}`,
    announced: (schedule: string) => `Looks for changes ${schedule}, and sooner where the source announces them`,
  },
};
