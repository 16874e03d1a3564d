import { formatBytes, formatNumberOf } from "../../format.ts";

/** Of the settings of one sync, its end among them. */
export const syncSettings = {
  name: "Name",
  looks: "Looks for changes",
  regularly: "regularly",
  byCron: "by a cron expression",
  noSchedule: "on no schedule",
  howOften: "How often",
  cron: "Cron expression",
  cronHelp: "Minute, hour, day, month, weekday: “0 3 * * *” is every night at three.",
  timeZone: "Time zone",
  labels: "Labels",
  labelsHelp: "One a line, as “name: value”. They are yours: for programs that use the API.",
  labelNameless: (line: string) => `“${line}” has no name before the colon.`,
  labelTwice: (name: string) => `“${name}” is there twice.`,
  save: "Save",
  saved: "Saved.",
  deletion: "Delete this sync",
  deletionText: (files: number, bytes: number) =>
    `Erases its ${formatNumberOf(files, "stored file")} (${formatBytes(bytes)}) and its history from Tidemark. Nothing at the source changes.`,
  deleteAsk: "Delete…",
  deleteTitle: (name: string) => `Delete “${name}”?`,
  deleteText:
    "Every copy that Tidemark keeps of it is erased, earlier versions and removed files too. This cannot be undone. The files at the source stay as they are.",
  typeToConfirm: (name: string) => `Type “${name}” to confirm`,
  keep: "Keep it",
  deleteAll: "Delete everything",
  deleting: (name: string) => `${name} is being deleted.`,
};
