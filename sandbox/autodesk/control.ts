import type { Hono } from "hono";
import { z } from "zod";
import { controlApp } from "../control/control-app.ts";
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
const AGED_MS = 60_000;
const ageSchema = z.strictObject({ project: z.string(), seconds: z.number().int().min(0) });

/** What administrators do beside changing files: who is in which project, and apps and robots that are let in. */
export function autodeskControl(tools: AutodeskTools): Hono {
  const app = controlApp();
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
  /** What was done in a project just now was done so long ago. */
  app.post("/age", async (c) => {
    const { project: name, seconds } = ageSchema.parse(await c.req.json());
    const project = named(name);
    tools.rollups.catchUp(project);
    const since = tools.now() - AGED_MS;
    const shift = (table: string, column: string): void => {
      const update = `UPDATE ${table} SET ${column} = ${column} - ? WHERE drive = ? AND ${column} > ?`;
      tools.db.prepare(update).run(seconds * 1000, project.no, since);
    };
    shift("autodesk_rollups", "at");
    for (const column of ["created", "modified", "changed"]) shift("items", column);
    return c.json({});
  });
  return app;
}
