import { z } from "zod";

export const filePreviewQuery = z.object({
  /** Of a version; left out: the item's last stored content. */
  version: z.coerce.number().int().positive().max(9_999_999_999).optional(),
  theme: z.enum(["light", "dark"]).default("light"),
});
