import { formatBytes, formatNumberOf } from "../../format.ts";

/** How many there are of something. */
export const count = {
  files: (count: number) => formatNumberOf(count, "file"),
  items: (count: number) => formatNumberOf(count, "item"),
  syncs: (count: number) => formatNumberOf(count, "sync"),
  amount: (files: number, bytes: number) => `${formatNumberOf(files, "file")}, ${formatBytes(bytes)}`,
};
