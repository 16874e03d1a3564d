import { createHash } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import type { Account } from "../accounts.ts";
import type { VendorTools } from "../vendor.ts";
import type { MailAccounts } from "./accounts.ts";
import { mailOf } from "./starter.ts";
import type { Box } from "./store.ts";

const box = z.string().default("INBOX");
const deliver = z.strictObject({
  box,
  subject: z.string().default("A mail"),
  text: z.string().optional(),
  /** Names and texts of what is attached. */
  files: z.record(z.string(), z.string()).default({}),
  /** The whole mail, in place of all that. */
  raw: z.string().optional(),
});
const uids = z.strictObject({ box, uids: z.array(z.int()) });
const move = uids.extend({ to: z.string() });
const which = z.strictObject({ box });
const kind = z.strictObject({ profile: z.enum(["full", "condstore", "plain"]) });

/** A person's and an operator's hands on the mailboxes: below `/_sandbox/mail`. */
export function mailControl(tools: VendorTools, mail: MailAccounts, port: number | null): Hono {
  const app = new Hono();
  const { store } = mail;
  const account = (name: string): Account => {
    const found = tools.accounts.kindOf(name)?.vendor === "mail" ? tools.accounts.named(name) : undefined;
    if (found === undefined) throw new Missing(`There is no mail account ${name}.`);
    mail.ready(found);
    return found;
  };
  const boxOf = (name: string, path: string): Box => {
    const found = store.box(account(name).no, path);
    if (found === undefined) throw new Missing(`There is no mailbox ${path}.`);
    return found;
  };
  app.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 400);
    if (error instanceof Missing) return c.json({ error: error.message }, 404);
    throw error;
  });

  app.get("/", (c) => c.json({ port }));
  app.post("/:account/profile", async (c) => {
    mail.setProfile(account(c.req.param("account")), kind.parse(await c.req.json()).profile);
    return c.json({});
  });
  app.post("/:account/deliver", async (c) => {
    const name = c.req.param("account");
    const request = deliver.parse(await c.req.json());
    const files = Object.entries(request.files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
    const bytes =
      request.raw === undefined
        ? mailOf(name, request.subject, mail.now(), files, request.text)
        : Buffer.from(request.raw).toString("latin1");
    return c.json({ uid: store.add(boxOf(name, request.box).id, bytes, mail.now()) });
  });
  app.post("/:account/expunge", async (c) => {
    const request = uids.parse(await c.req.json());
    for (const uid of request.uids) store.expunge(boxOf(c.req.param("account"), request.box).id, uid);
    return c.json({});
  });
  app.post("/:account/move", async (c) => {
    const request = move.parse(await c.req.json());
    const [from, to] = [boxOf(c.req.param("account"), request.box), boxOf(c.req.param("account"), request.to)];
    const moved = store.mails(from.id).filter(({ uid }) => request.uids.includes(uid));
    const copies = moved.map(({ uid, received, flags }) => store.add(to.id, store.bytes(from.id, uid), received, flags));
    for (const { uid } of moved) store.expunge(from.id, uid);
    return c.json({ uids: copies });
  });
  app.post("/:account/renumber", async (c) => {
    mail.renumber(boxOf(c.req.param("account"), which.parse(await c.req.json()).box));
    return c.json({});
  });
  app.get("/:account", (c) => {
    const boxes = store.boxes(account(c.req.param("account")).no);
    const digest = (id: number, uid: number) => createHash("sha256").update(store.bytes(id, uid), "latin1").digest("hex");
    const mails = (id: number) => store.mails(id).map((each) => ({ ...each, sha256: digest(id, each.uid) }));
    return c.json({ boxes: boxes.map((each) => ({ ...each, mails: mails(each.id) })) });
  });
  return app;
}

class Missing extends Error {}
