import { randomBytes } from "node:crypto";
import type { Hono } from "hono";
import { z } from "zod";
import { controlApp } from "../control/control-app.ts";
import { DriveError } from "../drives/drive.ts";
import type { Account } from "./accounts.ts";
import type { DropboxTools } from "./context.ts";
import { mount, unmount } from "./namespaces.ts";
import { passesChallenge } from "./notifications.ts";

const webhookSchema = z.strictObject({ url: z.union([z.url(), z.literal("")]) });
const unmountSchema = z.strictObject({ account: z.string(), path: z.string().regex(/^\/[^/]+(\/[^/]+)*$/) });
const mountSchema = unmountSchema.extend({ owner: z.string() });

type ControlTools = { tools: DropboxTools; deliver: typeof fetch; setWebhook: (url: string) => void; changed: (account: Account) => void };

/** What is done in the App Console or by other people: the app's webhook, and folders that somebody shares. */
export function controlRoutes({ tools, deliver, setWebhook, changed }: ControlTools): Hono {
  const named = (name: string): Account => {
    const account = tools.accounts.named(name);
    if (account === undefined) throw new DriveError(404, `There is no account "${name}" at Dropbox.`);
    return account;
  };
  const app = controlApp();
  app.post("/webhook", async (c) => {
    const { url } = webhookSchema.parse(await c.req.json());
    if (url !== "" && !(await passesChallenge(deliver, url, randomBytes(24).toString("base64url"))))
      throw new DriveError(400, `${url} does not answer the challenge as it should.`);
    setWebhook(url);
    return c.json({ url });
  });
  /** An account's whole drive appears as a folder in another's. */
  app.post("/mounts", async (c) => {
    const { account, path, owner } = mountSchema.parse(await c.req.json());
    mount(tools, named(account), path, named(owner));
    changed(named(account));
    return c.json({});
  });
  app.post("/unmounts", async (c) => {
    const { account, path } = unmountSchema.parse(await c.req.json());
    unmount(tools, named(account), path);
    changed(named(account));
    return c.json({});
  });
  return app;
}
