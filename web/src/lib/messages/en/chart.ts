import { formatBytes, formatNumberOf } from "../../format.ts";

export const chart = {
  range: "How far back",
  days: { 30: "30 days", 90: "90 days", 366: "A year" },
  at: (day: string, bytes: number, files: number) => `${day}: ${formatBytes(bytes)} in ${formatNumberOf(files, "file")}`,
  versions: (bytes: number) => `and ${formatBytes(bytes)} of earlier versions`,
  day: "Day",
  current: "Current contents",
  earlier: "Earlier versions",
  young: "The line begins with the first day that was noted.",
  what: "The storage over time",
  none: "Nothing is stored yet.",
};
