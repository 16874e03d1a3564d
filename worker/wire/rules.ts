import { z } from "zod";
import { globProblem } from "../sync/glob.ts";
import { count, instant } from "./common.ts";

// What a sync keeps, when it looks, and what a change of that would do.

const LABELS_MAX = 50;
const INTERVAL_MINUTES_MIN = 5;
const INTERVAL_MINUTES_MAX = 7 * 24 * 60;

export const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("interval"),
    minutes: z.int().min(INTERVAL_MINUTES_MIN).max(INTERVAL_MINUTES_MAX).default(60),
  }),
  z.strictObject({ kind: z.literal("cron"), cron: z.string().min(1).max(100), timeZone: z.string().min(1).max(60).default("UTC") }),
  z.strictObject({ kind: z.literal("manual") }),
]);

export const labels = z.record(z.string().min(1).max(63), z.string().max(255)).refine((value) => Object.keys(value).length <= LABELS_MAX, {
  message: `at most ${LABELS_MAX} labels`,
});

export const mode = z.enum(["content", "metadata"]);

const SELECTION_MAX = 1000;
const GLOBS_MAX = 50;
const GLOB_MAX = 300;
const TYPES_MAX = 200;
const PATH_MAX = 4000;
const RETENTION_DAYS_MAX = 3650;
const REMOVALS_MAX = 100_000;

const path = z.string().max(PATH_MAX).startsWith("/");

const bytes = z.int().nonnegative();

/** Extensions: with or without a dot, in any case; kept without and in lower case. */
const types = z
  .array(
    z
      .string()
      .trim()
      .toLowerCase()
      .transform((type) => type.replace(/^\./, ""))
      .pipe(z.string().min(1).max(50)),
  )
  .max(TYPES_MAX);

const glob = z
  .string()
  .min(1)
  .max(GLOB_MAX)
  .superRefine((value, context) => {
    const message = globProblem(value);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

const globs = z.array(glob).max(GLOBS_MAX);

/** One choice: by the id that the source gives the item, or by path, which is resolved to its id. */
const selectionEntry = z
  .strictObject({
    feed: z.string().max(500).optional(),
    itemId: z.string().min(1).max(2000).nullish(),
    path: path.optional(),
    mode: z.enum(["include", "exclude"]),
  })
  .refine((entry) => entry.itemId != null || entry.path !== undefined, { message: "an itemId or a path" })
  .transform(({ itemId, ...entry }) => ({ ...entry, itemId: itemId ?? null }));

export const selection = z.array(selectionEntry).max(SELECTION_MAX);

export const shownSelection = z.array(
  z.object({
    feed: z.string().optional(),
    itemId: z.string().nullable(),
    path: z.string().optional(),
    mode: z.enum(["include", "exclude"]),
  }),
);

const filtersGiven = z.strictObject({
  types: types.optional(),
  excludeTypes: types.optional(),
  /** Over the path without the leading slash; a glob without a slash is of the name alone. */
  include: globs.optional(),
  exclude: globs.optional(),
  rules: z
    .array(z.strictObject({ types, maxBytes: bytes }))
    .max(GLOBS_MAX)
    .optional(),
  maxBytes: bytes.optional(),
  modifiedAfter: instant.optional(),
  modifiedBefore: instant.optional(),
});

export const filters = filtersGiven;
export type WireFilters = z.infer<typeof filters>;

const providerOptions = z.record(
  z.string().max(100),
  z.union([z.string().max(GLOB_MAX), z.number(), z.boolean(), z.null(), z.array(z.string().max(GLOB_MAX)).max(GLOBS_MAX)]),
);

const removalLimit = z.strictObject({ share: z.number().min(0).max(1), count: z.int().min(0).max(REMOVALS_MAX) });

export const optionsPatch = z.strictObject({
  deleteRemoved: z.boolean().optional(),
  retentionDays: z.int().min(0).max(RETENTION_DAYS_MAX).optional(),
  removalLimit: removalLimit.partial().optional(),
  sentinel: path.nullable().optional(),
  /** Replaces all of them. What there is depends on the provider: GET /providers. */
  providerOptions: providerOptions.optional(),
});

export const shownOptions = z.object({
  deleteRemoved: z.boolean(),
  retentionDays: z.int(),
  removalLimit,
  sentinel: z.string().nullable(),
  providerOptions,
});

/** What is asked of a preview: rules that are left out are the sync's own, or a new sync's. */
export const previewRequest = z.strictObject({ mode: mode.optional(), selection: selection.optional(), filters: filters.optional() });
export type PreviewRequest = z.output<typeof previewRequest>;

export const newPreviewRequest = previewRequest.extend({ connectionId: z.string().max(50) });

const tally = z.object({ files: count, bytes: count });

export const preview = z.object({
  /** The sync whose metadata this was told from. */
  syncId: z.string(),
  total: tally,
  /** What would be kept: stored already, or once it is fetched. */
  kept: tally,
  /** What would not, by reason, most files first, with paths of some. */
  leftOut: z.array(tally.extend({ reason: z.string(), samples: z.array(z.string()) })),
  /** Selected paths where nothing is. */
  unknownPaths: z.array(z.string()),
  /** Beside what the sync keeps now; null for a new one. */
  change: z
    .object({
      added: tally,
      /** Of the added, what has to be downloaded: the rest is still in the trash. */
      fetched: tally,
      dropped: tally,
      unchanged: tally,
      /** So much would be dropped that it would wait for a decision. */
      held: z.boolean(),
    })
    .nullable(),
});
export type Preview = z.infer<typeof preview>;
