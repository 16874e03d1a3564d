import type { MailMatter } from "./message.ts";

// What a mail says. Pure: names come in, text goes out.

export interface MailWords {
  subject: string;
  paragraphs: string[];
  /** The one thing to do about it. */
  action: { label: string; path: string };
}

/** `name`: of the sync, the connection or the webhook that it is about. */
export function wordsOf(matter: MailMatter, name: string, confirmPath: string): MailWords {
  switch (matter.kind) {
    case "reconnect":
      return {
        subject: `Sign in again to go on copying ${name}`,
        paragraphs: [
          `${name} no longer lets Tidemark read your files: it asks you to sign in again.`,
          "Until then nothing new is copied from there. Nothing was removed: all that was copied stays.",
        ],
        action: { label: "Connect again", path: "/app" },
      };
    case "held":
      return {
        subject: `Removals wait for your decision: ${name}`,
        paragraphs: [
          `More files of “${name}” are gone at the source, or no longer wanted by its rules, than may be removed without asking you.`,
          "Nothing was removed. Look at what it is, and approve or discard the removal; until then everything stays.",
        ],
        action: {
          label: "Look at the removals",
          path: matter.runId === null ? `/app/syncs/${matter.subjectId}` : `/app/runs/${matter.runId}`,
        },
      };
    case "failing":
      return {
        subject: `“${name}” keeps failing`,
        paragraphs: [
          `The last runs of “${name}” failed one after another, so your copy is no longer current.`,
          "Nothing was removed: all that was copied stays. Tidemark goes on trying.",
        ],
        action: { label: "See why", path: matter.runId === null ? `/app/syncs/${matter.subjectId}` : `/app/runs/${matter.runId}` },
      };
    case "quota":
      return {
        subject: "Your quota is reached",
        paragraphs: [
          "There is no room for more of your files: those that find none are not kept.",
          "Nothing was removed. They are tried again each day, and when there is room.",
        ],
        action: { label: "See what takes the room", path: "/app" },
      };
    case "webhooks":
      return {
        subject: "A webhook was switched off",
        paragraphs: [
          `Nothing has arrived at ${name} for days, or it says that it is gone, so Tidemark no longer sends anything there.`,
          "What it missed is in the API. Switch it on again once it answers.",
        ],
        action: { label: "Look at the webhook", path: "/app/settings/notifications" },
      };
    case "confirm":
      return {
        subject: "Confirm your address for Tidemark",
        paragraphs: [
          "Somebody who uses Tidemark asked for its mail to be sent to this address.",
          "If that was you, confirm it within a day. If not, there is nothing to do: no more mail will come.",
        ],
        action: { label: "Confirm this address", path: confirmPath },
      };
  }
}
