import type { Hono } from "hono";
import { z } from "zod";
import { controlApp } from "../control/control-app.ts";
import { DriveError } from "../drives/drive.ts";
import { deleteItem } from "../drives/mutate.ts";
import type { Account } from "./accounts.ts";
import { keyFile } from "./assertion.ts";
import type { GoogleTools } from "./context.ts";

const memberSchema = z.strictObject({ drive: z.string(), account: z.string(), member: z.boolean().default(true) });
const shareSchema = z.strictObject({ drive: z.string(), id: z.string(), account: z.string(), shared: z.boolean().default(true) });
const purgeSchema = z.strictObject({ drive: z.string(), id: z.string() });
const delegationSchema = z.strictObject({ account: z.string() });

/** What people do at Google beside changing files: shared drives' members, sharing, deleting for good, service accounts' keys. */
export function googleControl(tools: GoogleTools): Hono {
  const { access, drives } = tools;
  const app = controlApp();
  const account = (name: string, form?: Account["form"]): Account => {
    const found = tools.accounts.named(name);
    if (found === undefined || (form !== undefined && found.form !== form))
      throw new DriveError(404, `Google has no such account "${name}".`);
    return found;
  };
  const locate = (name: string, id: string) => {
    const drive = account(name);
    const item = drives.item(drive.no, drive.ids.parse(id) ?? 0);
    if (item === undefined || item.parent === null) throw new DriveError(404, `There is no item "${id}" in ${name}'s drive.`);
    return { drive, item };
  };

  app.get("/service-accounts/:account/key", (c) => {
    const found = account(c.req.param("account"), "service_account");
    return c.json(keyFile(tools, found), 200, { "Content-Disposition": `attachment; filename="${found.name}.json"` });
  });
  app.post("/delegations", async (c) => {
    access.setDelegation(account(delegationSchema.parse(await c.req.json()).account, "service_account"));
    return c.json({});
  });
  app.post("/members", async (c) => {
    const { drive, account: name, member } = memberSchema.parse(await c.req.json());
    const found = account(drive, "shared_drive");
    access.setMember(found, account(name), member);
    return c.json({ driveId: found.driveId });
  });
  app.post("/shares", async (c) => {
    const { drive, id, account: name, shared } = shareSchema.parse(await c.req.json());
    const located = locate(drive, id);
    access.setShare(located.drive, located.item, account(name), shared);
    tools.channels.driveChanged(located.drive);
    return c.json({});
  });
  app.post("/purge", async (c) => {
    const { drive, id } = purgeSchema.parse(await c.req.json());
    const located = locate(drive, id);
    if (located.item.deletedBy === null) deleteItem(tools, located.drive, located.item);
    access.purge(locate(drive, id));
    tools.channels.driveChanged(located.drive);
    return c.json({});
  });
  return app;
}
