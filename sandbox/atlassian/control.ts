import type { Hono } from "hono";
import { z } from "zod";
import { controlApp } from "../control/control-app.ts";
import { DriveError } from "../drives/drive.ts";
import type { Account } from "./accounts.ts";
import type { AtlassianTools } from "./context.ts";
import { siteOf } from "./sites.ts";

const memberSchema = z.strictObject({ owner: z.string(), account: z.string() });

/** What administrators do: members of sites; and, for tests, what people would read from their screens. */
export function controlRoutes(tools: AtlassianTools): Hono {
  const named = (name: string): Account => {
    const account = tools.accounts.named(name);
    if (account === undefined) throw new DriveError(404, `There is no account "${name}" at Atlassian.`);
    return account;
  };
  const app = controlApp();
  app.get("/accounts/:account", (c) => {
    const account = named(c.req.param("account"));
    const sites = tools.sites.of(account).map(({ host, cloudId }) => ({ host, cloudId }));
    return c.json({ accountId: account.accountId, sites, tokens: tools.apiTokens.of(account) });
  });
  app.post("/members", async (c) => {
    const { owner, account } = memberSchema.parse(await c.req.json());
    tools.sites.join(siteOf(named(owner)), named(account));
    return c.json({});
  });
  app.post("/members/remove", async (c) => {
    const { owner, account } = memberSchema.parse(await c.req.json());
    tools.sites.leave(siteOf(named(owner)), named(account));
    return c.json({});
  });
  for (const { name, running } of tools.products) if (running.control !== undefined) app.route(`/${name}`, running.control);
  return app;
}
