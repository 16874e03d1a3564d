import { Hono } from "hono";
import { z } from "zod";
import type { Accounts } from "./accounts.ts";
import { RENAMED_SITES_HOST, SITES_HOST } from "./hosts.ts";
import type { SiteChange, Sites } from "./sites.ts";

const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
const name = z.string().regex(NAME);

const siteSchema = z
  .strictObject({
    /** The last segment of its address. */
    address: name,
    title: z.string().min(1),
    /** The site that it is below. */
    parent: name.nullable(),
    host: z.enum([SITES_HOST, RENAMED_SITES_HOST]),
    state: z.enum(["open", "locked", "deleted"]),
    /** Accounts that may open it; null: everybody. */
    members: z.array(z.string()).nullable(),
    /** Made where they are not there yet. */
    libraries: z.array(name),
    followedBy: z.array(z.string()),
  })
  .partial();

/** Control calls of this vendor's own: `PUT /_sandbox/microsoft/sites/{name}` makes a site, or changes what is named. */
export function microsoftControl(sites: Sites, accounts: Accounts): Hono {
  return new Hono().put("/sites/:name", async (c) => {
    const site = name.safeParse(c.req.param("name"));
    const given = siteSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!site.success) return c.json({ error: "A site's name has small letters, digits and hyphens." }, 400);
    if (!given.success) return c.json({ error: z.prettifyError(given.error) }, 400);
    const { libraries = [], followedBy = [], ...change } = given.data;
    const made = sites.change(site.data, Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as SiteChange); // prettier-ignore
    for (const account of followedBy.flatMap((each) => accounts.named(each) ?? [])) sites.follow(account, made.name);
    const drives = libraries.flatMap((list) => sites.library(made, list) ?? []);
    return c.json({ id: sites.id(made), libraries: drives.map((drive) => ({ account: drive.name, driveId: drive.driveId })) });
  });
}
