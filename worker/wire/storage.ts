import { z } from "zod";
import { count } from "./common.ts";

export const STORAGE_DAYS_MAX = 366;
const STORAGE_DAYS = 30;

export const storageQuery = z.object({
  /** Of one sync; all of them where it is left out. */
  sync: z.string().max(50).optional(),
  /** Today and so many days before it, less one. */
  days: z.coerce.number().int().min(1).max(STORAGE_DAYS_MAX).default(STORAGE_DAYS),
});

/** What was kept at the end of a day, UTC; of today, what is kept now. */
export const storageDay = z.object({
  /** "2026-11-28". */
  day: z.iso.date(),
  /** Files whose content is kept. */
  files: count,
  bytes: count,
  /** Of contents that are kept as versions. */
  versionBytes: count,
});
export type StorageDay = z.infer<typeof storageDay>;
