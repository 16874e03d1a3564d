import { formatBytes, formatCount, formatNumberOf } from "../../format.ts";

/** What a sync says about itself. */
export const headline = {
  deleting: { title: "Being deleted", detail: "Its copies and its catalogue are erased in the background." },
  reconnect: {
    title: "Waiting for you to reconnect",
    detail: "The source no longer accepts the sign-in. What is stored stays readable.",
  },
  quota: {
    title: "The storage is full",
    detail: "What is stored stays. Make room, or ask the operator for more, and it goes on.",
  },
  paused: "Paused",
  pausedDetail: (since: string, readable: boolean) =>
    `${since} Nothing new arrives until you resume${readable ? "; what is here stays readable" : ""}.`,
  hasAsOf: (when: string) => `It has what the source had ${when}.`,
  notFinished: "The first run has not finished.",
  retry: (when: string) => ({ title: `Trying again ${when}`, detail: "The last attempt did not get through; nothing is lost." }),
  soon: "soon",
  throttled: (when: string) => ({
    title: `Goes on ${when}`,
    detail: "The source asked us to slow down. That is usual with many files, and nothing is lost.",
  }),
  inAWhile: "in a while",
  left: (time: string) => ` About ${time} left.`,
  starting: { title: "Starting", detail: "The first files show up here in a moment." },
  looking: "Looking for changes",
  reading: "Reading the source for the first time",
  nothingSeen: "Nothing seen yet.",
  seen: (entries: number, stored: number) =>
    `${formatNumberOf(entries, "file and folder", "files and folders")} seen so far, ${formatCount(stored)} stored.`,
  copying: (files: number) => (files === 0 ? "Copying" : `Copying: ${formatNumberOf(files, "file")} to go`),
  copied: (files: number, bytes: number) => `${formatNumberOf(files, "file")} stored in this run, ${formatBytes(bytes)}.`,
  finishing: { title: "Finishing", detail: "Everything is copied; the books are being closed." },
  failed: "The last run failed",
  nothing: "Nothing is here yet",
  listed: (files: number, when: string) => ({
    title: `Listed, not copied: ${formatNumberOf(files, "file")}`,
    detail: `Names, sizes and dates as they were ${when}. No content is stored until you ask for it.`,
  }),
  empty: (when: string) => ({ title: `The source was empty ${when}`, detail: "Whatever you put into it shows up here." }),
  held: (files: number) => ({
    title: `${formatNumberOf(files, "file")} wait for your decision`,
    detail: "The source no longer has them. So much at once may be a mistake: nothing was removed here.",
  }),
  notStored: (files: number, when: string, amount: string) => ({
    title: `${formatNumberOf(files, "file")} could not be stored`,
    detail: `Everything else that the source had ${when} is here: ${amount}.`,
  }),
  /** Of a part of the source, where only that was chosen. */
  allHandedOut: (chosen: boolean, when: string) =>
    `${chosen ? "Everything chosen that the source" : "Everything the source"} could hand out ${when} is here`,
  skipped: (amount: string, files: number) => `${amount}. ${formatNumberOf(files, "file")} cannot be kept; each says why.`,
  allHere: (chosen: boolean, when: string) =>
    `${chosen ? "Everything chosen that the source" : "Everything the source"} had ${when} is here`,
};
