import { Hono } from "hono";
import { z } from "zod";
import { DriveError } from "../drives/drive.ts";
import { splitPath } from "../drives/names.ts";
import type { Account } from "./accounts.ts";
import { serviceAccountKey } from "./assertion.ts";
import type { AutodeskTools } from "./context.ts";

const memberSchema = z.strictObject({
  project: z.string(),
  account: z.string(),
  /** What they see alone, as a path; null: everything. */
  folder: z.string().nullable().default(null),
  member: z.boolean().default(true),
});
const lagSchema = z.strictObject({ project: z.string(), seconds: z.number().int().min(0) });

/** What administrators do beside changing files: who is in which project, and apps and robots that are let in. */
export function autodeskControl(tools: AutodeskTools): Hono {
  const app = new Hono();
  app.onError((error, c) => {
    if (error instanceof DriveError) return c.json({ error: error.message }, error.status);
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 400);
    throw error;
  });
  const named = (name: string): Account => {
    const account = tools.accounts.named(name);
    if (account === undefined) throw new DriveError(404, `Autodesk has no such account "${name}".`);
    return account;
  };

  app.post("/members", async (c) => {
    const { project: name, account, folder: path, member } = memberSchema.parse(await c.req.json());
    const project = named(name);
    const folder = path === null ? null : tools.drives.byPath(project.no, splitPath(path));
    if (folder === undefined) throw new DriveError(404, `There is nothing at "${path}".`);
    if (member) tools.access.setMember(project, named(account), folder);
    else tools.access.removeMember(project, named(account));
    return c.json({ hubId: project.hub.id, projectId: project.driveId });
  });
  app.get("/service-accounts/:account/key", (c) => c.json(serviceAccountKey(tools, named(c.req.param("account")))));
  /** A project's times lie so far in the past from now on: as if everything in it had been done a while ago. */
  app.post("/lag", async (c) => {
    const { project, seconds } = lagSchema.parse(await c.req.json());
    tools.meta.set(`autodesk-lag ${named(project).no}`, String(seconds));
    return c.json({});
  });
  return app;
}
