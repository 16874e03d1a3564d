import { formatNumberOf } from "../../format.ts";

export const failures = {
  intro: (files: number) => `${formatNumberOf(files, "file")} could not be stored. Each is tried again by itself at the time beside it.`,
  retryAll: "Try again now",
  allRetried: "Trying again, all of them.",
  list: "This list",
  failedFiles: "Failed files",
  skippedFiles: "Skipped files",
  noneFailed: "No file has failed.",
  noneSkipped: "No file was skipped.",
  more: "Show more",
  retry: "Try these again",
  retryWhat: (cause: string) => `Try these again: ${cause}`,
  retried: "Trying these again.",
  causes: "Why files could not be stored",
  notByItself: "Not tried again until they change, or you ask for it.",
  next: "The first is tried again",
};
