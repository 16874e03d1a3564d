import { formatBytes, formatCount, formatNumberOf } from "../../format.ts";

/** Of the page of one sync. */
export const sync = {
  untitled: "Sync",
  overview: "Overview",
  what: "This sync",
  disconnected: "The account was disconnected",
  disconnectedText: "Nothing new arrives. What is here stays readable until you delete this sync.",
  details: "Details",
  detailsTabs: "Details of this sync",
  history: "History",
  rules: "What is kept",
  settings: "Settings",
  files: "Files",
  leftOut: (files: number) => `and ${formatCount(files)} left out`,
  stored: "Stored",
  failed: "Failed",
  skipped: "Skipped",
  removals: (time: string) => `The source does not tell what was removed: that is noticed within ${time}`,
  held: (files: number) => `${formatNumberOf(files, "file")} would be removed, and wait for your decision`,
  heldText: "So much went at once that it may be a mistake, or something worse. Everything is still here.",
  review: "Review",
  alarm: (files: number, when: string) => `${formatNumberOf(files, "file")} changed at once, ${when}`,
  alarmText:
    "That is what an attack looks like that encrypts files. The new contents are kept, and so are all that they replaced: no old version is cleared away until you confirm that the changes are yours.",
  mine: "The changes are mine",
  confirmed: "Old versions are cleared away again when their time is over.",
  listed: (files: number, bytes: number) => `Metadata only: ${formatNumberOf(files, "file")}, ${formatBytes(bytes)}`,
  listedText: "Names, sizes and dates are kept and stay current. This drive is large, so its content is only copied once you say so.",
  keepContent: "Keep the content",
  contentFollows: "The content follows now.",
};
