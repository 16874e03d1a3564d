import { z } from "zod";

const DELAY_MS_MAX = 600_000;

const pattern = z.string().refine(isPattern, "not a regular expression");

/** What a control call may switch on, where `names` are the vendors' faults. */
export function faultSchema(names: readonly string[]) {
  return z
    .strictObject({
      name: z.enum(names).optional(),
      match: z
        .strictObject({ host: z.string(), method: z.string(), path: pattern, account: z.string(), item: pattern })
        .partial()
        .default({}),
      rate: z.number().min(0).max(1).default(1),
      times: z.number().int().min(1).optional(),
      seed: z.number().int().min(0).default(1),
      status: z.number().int().min(200).max(599).optional(),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
      delayMs: z.number().min(0).max(DELAY_MS_MAX).optional(),
      truncate: z.union([z.boolean(), z.number().int().min(0)]).optional(),
      corrupt: z.boolean().optional(),
      drop: z.boolean().optional(),
      unitsPerMinute: z.number().int().min(1).optional(),
    })
    .refine(
      (fault) =>
        fault.name ?? fault.status ?? fault.headers ?? fault.body ?? fault.delayMs ?? fault.truncate ?? fault.corrupt ?? fault.drop,
      "a fault without a name needs an effect: status, headers, body, delayMs, truncate, corrupt or drop",
    );
}

export type FaultSpec = z.infer<ReturnType<typeof faultSchema>>;

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}
