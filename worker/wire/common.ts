import { z } from "zod";
import type { ErrorCode } from "../errors.ts";
import { ERROR_STATUS } from "../errors.ts";

// What shapes of several subjects have in common. Times are ISO 8601 strings, sizes bytes.

export const PAGE_MAX = 1000;
export const PAGE_DEFAULT = 100;
export const NAME_MAX = 200;

export const instant = z.iso.datetime();

export const count = z.int().nonnegative();

const errorCode = z.enum(Object.keys(ERROR_STATUS) as [ErrorCode, ...ErrorCode[]]);

export const errorBody = z.object({
  error: z.object({ code: errorCode, message: z.string(), requestId: z.string() }),
});

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().max(2000).optional(),
});
