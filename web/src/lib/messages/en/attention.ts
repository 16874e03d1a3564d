import { formatNumberOf } from "../../format.ts";

export const attention = {
  reconnect: (label: string) => `${label} needs reconnecting`,
  reconnectText: "The source no longer accepts the sign-in. Nothing is lost: reconnect, and it goes on.",
  reconnectAction: "Reconnect",
  held: (files: number, name: string) => `${formatNumberOf(files, "file")} of ${name} would be removed`,
  heldText: "So much went at once that it may be a mistake. Everything is still here until you decide.",
  heldAction: "Review",
  alarm: (files: number, name: string) => `${formatNumberOf(files, "file")} of ${name} changed at once`,
  alarmText: "That is what an attack looks like that encrypts files. No old version is cleared away until you confirm.",
  alarmAction: "Look at it",
  failed: (files: number, name: string) => `${formatNumberOf(files, "file")} of ${name} could not be stored`,
  failedText: "Each is tried again by itself; you can have it tried now.",
  failedAction: "Try again now",
  failedWhy: "See why",
  quota: (name: string) => `The storage is full: ${name} waits`,
  quotaText: "What is stored stays. Make room, or ask the operator for more.",
  quotaAction: "See the sync",
  runFailed: (name: string) => `The last run of ${name} failed`,
  runFailedAction: "See the run",
  retried: "Trying the failed files again.",
};
