import { z } from "zod";
import { errorBody, item } from "../wire.ts";

/** Items that one call is about. */
export const BULK_IDS_MAX = 100;
/** Items that are chosen for one zip, folders counting once. */
const ZIP_IDS_MAX = 500;
const ID_MAX = 2000;
const NAME_MAX = 200;

const id = z.string().max(ID_MAX);

export const bulkRequest = z.strictObject({ ids: z.array(id).min(1).max(BULK_IDS_MAX) });

/** What became of each item, in the order they were named. */
export const bulkOutcome = z.object({
  id: z.string(),
  /** As it is now; null where it was not done. */
  item: item.nullable(),
  /** Why it was not done; null where it was. */
  error: errorBody.shape.error.pick({ code: true, message: true }).nullable(),
});
export type BulkOutcome = z.infer<typeof bulkOutcome>;

/** A form sends `ids` once for each. `name`: of the zip, without the extension. */
export const zipRequest = z.strictObject({
  ids: z.union([id.transform((one) => [one]), z.array(id)]).pipe(z.array(id).min(1).max(ZIP_IDS_MAX)),
  name: z.string().trim().min(1).max(NAME_MAX).optional(),
});
