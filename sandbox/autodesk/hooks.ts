import { randomUUID } from "node:crypto";
import { z } from "zod";
import { Refusal } from "../answers.ts";
import type { Outbox } from "../outbox.ts";
import { ROOT_N } from "../drives/store.ts";
import { reasonAnswer } from "./answers.ts";
import type { Account } from "./accounts.ts";
import type { AutodeskTools, Call } from "./context.ts";
import { noticeOf } from "./hook-notices.ts";
import { hookOf, type HookRow } from "./hook-row.ts";
import type { Happening } from "./rollups.ts";

const DELIVERY_DELAY_MS = 300;
const ATTRIBUTE_CHARACTERS_MAX = 1024;
const REGIONS: ReadonlySet<string> = new Set(["US", "EMEA", "AUS", "CAN", "DEU", "IND", "JPN", "GBR"]);

const hookSchema = z.object({
  callbackUrl: z.string().refine((text) => URL.canParse(text)),
  scope: z.object({ folder: z.string() }),
  hookAttribute: z.record(z.string(), z.unknown()).optional(),
  hookExpiry: z.iso.datetime().nullable().optional(),
  hubId: z.string().optional(),
  projectId: z.string().optional(),
  autoReactivateHook: z.boolean().optional(),
});
const patchSchema = z.object({
  status: z.enum(["active", "inactive"]).optional(),
  token: z.string().min(1).optional(),
  hookExpiry: z.iso.datetime().nullable().optional(),
});

export type Hooks = {
  create: (call: Call, event: string) => Promise<Response>;
  list: (call: Call, event: string | undefined) => Response;
  get: (call: Call, event: string, id: string) => Response;
  patch: (call: Call, event: string, id: string) => Promise<Response>;
  remove: (call: Call, event: string, id: string) => Response;
  /** Sets, or replaces, the token of all hooks of the caller. */
  setToken: (call: Call, replaces: boolean) => Promise<Response>;
  tell: (project: Account, happenings: readonly Happening[]) => void;
};

/** Webhooks of folders: of what happens in them and in all below, by events whose names may end in a star. */
export function createHooks(tools: Omit<AutodeskTools, "hooks" | "codes"> & { outbox: Outbox }): Hooks {
  const { db, now } = tools;
  const select = db.prepare("SELECT * FROM autodesk_hooks WHERE id = ?");
  const find = (id: string): HookRow | undefined => select.get(id) as HookRow | undefined;
  const tokenOf = db.prepare("SELECT token FROM autodesk_hook_tokens WHERE account = ?");
  const secretOf = (row: HookRow): string | undefined => row.token ?? (tokenOf.get(row.account)?.["token"] as string | undefined);
  const channel = tools.outbox.open("autodesk", (delivery) => noticeOf(tools, find(delivery.subject), delivery, secretOf));
  const own = (call: Call, event: string, id: string): HookRow => {
    const row = find(id);
    if (row === undefined || row.event !== event || row.account !== call.grant.account.no || row.region !== regionOf(call))
      throw new Refusal(reasonAnswer(404, "The hook does not exist."));
    return row;
  };
  return {
    create: async (call, event) => {
      const body = parsed(hookSchema, await call.request.text());
      const membership = tools.access
        .memberships(call.grant.account)
        .find(({ project }) => project.ids.parse(body.scope.folder) !== undefined);
      const folder = membership && tools.drives.live(membership.project.no, membership.project.ids.parse(body.scope.folder) ?? 0);
      const seesAll = membership !== undefined && folder !== undefined && tools.access.sees(membership, folder);
      if (!seesAll || (folder.n === ROOT_N && membership.folder !== null)) throw new Refusal(reasonAnswer(403, "No access to the folder."));
      const { no } = call.grant.account;
      const same = db.prepare("SELECT 1 FROM autodesk_hooks WHERE account = ? AND event = ? AND callback = ? AND drive = ? AND folder = ?");
      if (same.get(no, event, body.callbackUrl, membership.project.no, folder.n) !== undefined)
        throw new Refusal(reasonAnswer(409, "The hook already exists."));
      const id = randomUUID();
      const attribute = body.hookAttribute === undefined ? null : JSON.stringify(body.hookAttribute);
      if ((attribute?.length ?? 0) > ATTRIBUTE_CHARACTERS_MAX) throw new Refusal(reasonAnswer(400, "hookAttribute is too large."));
      db.prepare("INSERT INTO autodesk_hooks VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, 'active', ?)").run(
        id,
        no,
        regionOf(call),
        event,
        body.callbackUrl,
        membership.project.no,
        folder.n,
        attribute,
        body.hookExpiry ?? null,
        now(),
      );
      const location = `${call.request.path}/${id}`;
      return new Response(null, { status: 201, headers: { Location: location } });
    },
    list: (call, event) => {
      const rows = db.prepare("SELECT * FROM autodesk_hooks WHERE account = ? AND region = ? ORDER BY created, id");
      const found = (rows.all(call.grant.account.no, regionOf(call)) as unknown as HookRow[]).filter(
        (row) => event === undefined || row.event === event,
      );
      if (found.length === 0) return new Response(null, { status: 204 });
      return Response.json({ links: { next: null }, data: found.map((row) => hookOf(tools, row)) });
    },
    get: (call, event, id) => Response.json(hookOf(tools, own(call, event, id))),
    patch: async (call, event, id) => {
      const row = own(call, event, id);
      const body = parsed(patchSchema, await call.request.text());
      const expires = body.hookExpiry === undefined ? row.expires : body.hookExpiry;
      db.prepare("UPDATE autodesk_hooks SET status = ?, token = ?, expires = ? WHERE id = ?").run(
        body.status ?? row.status,
        body.token ?? row.token,
        expires,
        id,
      );
      return new Response(null, { status: 200 });
    },
    remove: (call, event, id) => {
      own(call, event, id);
      db.prepare("DELETE FROM autodesk_hooks WHERE id = ?").run(id);
      return new Response(null, { status: 204 });
    },
    setToken: async (call, replaces) => {
      const { token } = parsed(z.object({ token: z.string().min(1) }), await call.request.text());
      const { no } = call.grant.account;
      if (!replaces && tokenOf.get(no) !== undefined) throw new Refusal(reasonAnswer(400, "Secret token already exists."));
      db.prepare("INSERT INTO autodesk_hook_tokens VALUES (?, ?) ON CONFLICT DO UPDATE SET token = excluded.token").run(no, token);
      return replaces ? new Response(null, { status: 204 }) : Response.json({ status: 200, detail: ["Token created successfully."] });
    },
    tell: (project, happenings) => {
      // A hook of another region hears nothing.
      const active = db.prepare("SELECT * FROM autodesk_hooks WHERE drive = ? AND region = ? AND status <> 'inactive'");
      const rows = active.all(project.no, project.hub.region) as unknown as HookRow[];
      for (const { item, events } of happenings) {
        for (const { name, folder } of events) {
          for (const row of rows) {
            if (matches(row.event, name) && isBelow(tools, project, folder, row.folder))
              channel.tell(row.id, `${name} ${item.n}`, DELIVERY_DELAY_MS);
          }
        }
      }
    },
  };
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

function isBelow({ drives }: Pick<AutodeskTools, "drives">, project: Account, folder: number | null, top: number): boolean {
  const item = folder === null ? undefined : drives.item(project.no, folder);
  return item !== undefined && (item.n === top || drives.ancestors(project.no, item).some(({ n }) => n === top));
}

function regionOf({ request }: Call): string {
  const region = (request.headers.get("x-ads-region") ?? request.query.get("region") ?? "US").toUpperCase();
  if (!REGIONS.has(region)) throw new Refusal(reasonAnswer(400, "The region is unknown."));
  return region;
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Refusal(reasonAnswer(400, "The body is not JSON."));
  }
  const result = schema.safeParse(body);
  if (!result.success) throw new Refusal(reasonAnswer(400, z.prettifyError(result.error)));
  return result.data;
}
