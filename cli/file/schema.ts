import { z } from "zod";
import { syncCreate } from "../../worker/wire.ts";

// What tidemark.yaml may say. Schedules, filters, options and selections are the API's own.

/** The label that a sync of the file has: its name there. */
export const OWNER_LABEL = "tidemark.dev/name";

/** Fields of a connection's form that are secrets by their name. */
const SECRET_NAME = /pass|secret|token|credential|private|key$/i;
const NAME_MAX = 63;

const name = z
  .string()
  .max(NAME_MAX)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u, "a name of letters, digits, blanks, and . _ -");

const reference = z.strictObject({ env: z.string().min(1).optional(), file: z.string().min(1).optional() });
const field = z.union([z.string(), z.number(), z.boolean(), reference], {
  error: "a text, a number, true or false; a secret as { env: NAME } or { file: PATH }",
});

const connection = z
  .strictObject({
    id: z.string().min(1).optional(),
    provider: z.string().min(1).optional(),
    /** The account's address, or its id at the provider. */
    account: z.string().min(1).optional(),
    label: z.string().min(1).optional(),
    method: z.string().min(1).optional(),
    fields: z.record(z.string(), field).optional(),
  })
  .superRefine((given, context) => {
    const problem = connectionProblem(given);
    if (problem !== null) context.addIssue({ code: "custom", message: problem });
    for (const [key, value] of Object.entries(given.fields ?? {})) {
      const message = fieldProblem(key, value);
      if (message !== null) context.addIssue({ code: "custom", path: ["fields", key], message });
    }
  });
export type FileConnection = z.output<typeof connection>;

function connectionProblem({ id, provider, account, label, method, fields }: FileConnection): string | null {
  if (id !== undefined) return (provider ?? account ?? label ?? method ?? fields) ? "an id says it all: nothing else beside it" : null;
  if (provider === undefined) return "an id, or a provider with an account or a label";
  if ((method === undefined) !== (fields === undefined)) return "method and fields come together";
  if (method === undefined) return account === undefined && label === undefined ? "an account or a label beside the provider" : null;
  return account === undefined && label === undefined ? null : "fields stand instead of an account or a label";
}

/** Never quotes the value. */
function fieldProblem(key: string, value: z.output<typeof field>): string | null {
  if (typeof value === "object") return (value.env === undefined) === (value.file === undefined) ? "either env or file" : null;
  if (SECRET_NAME.test(key)) return "a secret is not written into this file: { env: NAME } or { file: PATH } instead";
  if (typeof value !== "string" || !URL.canParse(value)) return null;
  return new URL(value).password === "" ? null : "an address with a password in it: no secret is written into this file";
}

const fields = syncCreate.shape;
const sync = z.strictObject({
  connection: z.string(),
  /** The id of a sync that was made by hand, and is from now on the file's. */
  adopt: z.string().min(1).optional(),
  name: fields.name,
  mode: fields.mode,
  selection: fields.selection,
  filters: fields.filters,
  schedule: fields.schedule,
  options: fields.options,
  labels: fields.labels.refine((labels) => !Object.hasOwn(labels, OWNER_LABEL), { message: `${OWNER_LABEL} is set by tidemark itself` }),
});
export type FileSync = z.output<typeof sync>;

export const tidemarkFile = z
  .strictObject({
    version: z.literal(1),
    connections: z.record(name, connection).default({}),
    syncs: z.record(name, sync).default({}),
  })
  .superRefine(({ connections, syncs }, context) => {
    for (const [key, { connection: named }] of Object.entries(syncs)) {
      if (Object.hasOwn(connections, named)) continue;
      context.addIssue({ code: "custom", path: ["syncs", key, "connection"], message: `there is no “${named}” among the connections` });
    }
  });
export type TidemarkFile = z.output<typeof tidemarkFile>;

export function fileJsonSchema(): object {
  return { title: "tidemark.yaml", ...z.toJSONSchema(tidemarkFile, { io: "input" }) };
}
