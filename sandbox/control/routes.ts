import { Hono } from "hono";
import { z } from "zod";
import type { Account } from "../accounts.ts";
import { DriveError, type DriveTools } from "../drives/drive.ts";
import { generateDrive, generateSchema } from "../drives/generate.ts";
import { mutateDrive, mutationSchema } from "../drives/mutate.ts";
import { treeAsJson } from "../drives/tree.ts";
import { allFaultKinds } from "../fault-kinds.ts";
import type { Faults } from "../faults.ts";
import { NOTIFICATION_MODES, type Outbox } from "../outbox.ts";
import type { RequestLog } from "../request-log.ts";
import type { RunningVendors } from "../running-vendors.ts";
import { toStream } from "../streams.ts";
import type { Vendor } from "../vendor.ts";

const ADVANCE_SECONDS_MAX = 10 * 365 * 86_400;

const notificationsSchema = z.strictObject({ mode: z.enum(NOTIFICATION_MODES), account: z.string().optional() });
const clockSchema = z.strictObject({ advanceSeconds: z.number().min(0).max(ADVANCE_SECONDS_MAX) });

export type ControlTools = DriveTools & {
  vendors: readonly Vendor[];
  /** Others after a reset. */
  running: () => RunningVendors;
  faults: Faults;
  outbox: Outbox;
  log: RequestLog;
  reset: () => Promise<void>;
  advanceClock: (seconds: number) => number;
};

/** What only the sandbox has: calls that change the drives and the vendor's weather. */
export function controlRoutes(tools: ControlTools): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof DriveError) return c.json({ error: error.message }, error.status);
    throw error;
  });
  const account = (name: string): Account => {
    const found = tools.accounts.named(name);
    if (found === undefined) throw new DriveError(404, `There is no account "${name}": names end in ${domainsOf(tools.vendors)}.`);
    return found;
  };

  app.post("/reset", async (c) => {
    await tools.reset();
    return c.json({ accounts: tools.accounts.all().map((one) => one.name) });
  });

  app.post("/drives/:account/generate", async (c) => {
    const owner = account(c.req.param("account"));
    const options = parseBody(generateSchema, await bodyOf(c.req.raw));
    const counts = generateDrive(tools, owner, options);
    tools.running().driveChanged(owner);
    return c.json(counts);
  });
  app.post("/drives/:account/mutate", async (c) => {
    const owner = account(c.req.param("account"));
    const { ops } = parseBody(mutationSchema, await bodyOf(c.req.raw));
    const ids = mutateDrive(tools, owner, ops);
    tools.running().driveChanged(owner);
    return c.json({ ids });
  });
  app.get("/drives/:account/tree", (c) => {
    const stream = toStream(treeAsJson(tools, account(c.req.param("account")), c.req.query("hash") === "true"));
    return c.body(stream, 200, { "Content-Type": "application/json" });
  });

  app.get("/faults", (c) => {
    const available = allFaultKinds(tools.vendors).map(([name, kind]) => ({ name, about: kind.about }));
    return c.json({ available, active: tools.faults.list() });
  });
  app.post("/faults", async (c) => c.json(tools.faults.add(parseBody(tools.faults.schema, await bodyOf(c.req.raw))), 201));
  app.delete("/faults", (c) => {
    tools.faults.remove({ id: c.req.query("id"), name: c.req.query("name"), account: c.req.query("account")?.toLowerCase() });
    return c.json({ active: tools.faults.list() });
  });

  app.post("/grants/:account/revoke", (c) => {
    tools.accounts.revoke(account(c.req.param("account")));
    return c.json({});
  });
  app.post("/cursors/:account/expire", (c) => {
    tools.accounts.newEpoch(account(c.req.param("account")));
    return c.json({});
  });
  app.post("/notifications", async (c) => {
    const { mode, account: name } = parseBody(notificationsSchema, await bodyOf(c.req.raw));
    tools.outbox.setMode(mode, name === undefined ? undefined : account(name).name);
    return c.json({ mode });
  });
  app.post("/clock", async (c) => {
    const { advanceSeconds } = parseBody(clockSchema, await bodyOf(c.req.raw));
    const now = tools.advanceClock(advanceSeconds);
    tools.running().clockAdvanced();
    return c.json({ now: new Date(now).toISOString() });
  });

  app.get("/requests", (c) => c.json(tools.log.summary(c.req.query("account")?.toLowerCase())));
  app.delete("/requests", (c) => {
    tools.log.clear(c.req.query("account")?.toLowerCase());
    return c.json({});
  });
  app.get("/outbox", (c) => c.json({ sent: tools.outbox.sent(c.req.query("account")?.toLowerCase()) }));
  app.delete("/outbox", (c) => {
    tools.outbox.forgetSent(c.req.query("account")?.toLowerCase());
    return c.json({});
  });
  app.all("/:vendor/*", async (c, next) => {
    const vendor = c.req.param("vendor");
    const path = c.req.path.slice(c.req.path.indexOf(`/${vendor}`) + vendor.length + 1);
    return (await tools.running().control(vendor, c.req.raw, path)) ?? (await next());
  });
  app.all("*", (c) => c.json({ error: `There is no control call ${c.req.method} ${c.req.path}.` }, 404));
  return app;
}

function domainsOf(vendors: readonly Vendor[]): string {
  const domains = vendors.flatMap((vendor) => vendor.accountKinds.map((kind) => `@${kind.domain} (${vendor.title}, ${kind.label})`));
  return new Intl.ListFormat("en", { type: "disjunction" }).format(domains);
}

async function bodyOf(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new DriveError(400, "The body is not JSON.");
  }
}

function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new DriveError(400, z.prettifyError(parsed.error));
  return parsed.data;
}
