import { Hono } from "hono";
import { authorityOfIssuer } from "../auth/authorities/registry.ts";
import { record } from "../auth/record.ts";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { accounts } from "../db/client.ts";
import { toInstant } from "../db/instant.ts";
import type { IdentityRow } from "../db/users.ts";
import { identityId, listIdentities, unlinkIdentity } from "../db/users.ts";
import { AppError } from "../errors.ts";
import type { Identity } from "../wire/account.ts";

/** What the person signs in with. Another one is linked by connecting it. For people only: `scopeOf` lets no token in. */
export const identityRoutes = new Hono<UserEnv>()
  .get("/", async (c) => {
    const rows = await listIdentities(accounts(c.env), c.var.user.id);
    return c.json({ items: rows.map((row) => toIdentity(c.env, row)), cursor: null });
  })

  .delete("/:id", async (c) => {
    const id = c.req.param("id");
    const userId = c.var.user.id;
    const db = accounts(c.env);
    const row = (await listIdentities(db, userId)).find((each) => identityId(each) === id);
    if (!row) throw new AppError("identity.not_found", "There is no such identity.");
    if (!(await unlinkIdentity(db, userId, row))) {
      throw new AppError("identity.last", "This is the only one left: without it nobody could sign in to this account.");
    }
    await record(c, "identity.unlinked", { target: id, name: row.email ?? row.name });
    // What the bucket keeps of the account says what signs in to it.
    await userObject(c.env, userId).accountChanged();
    return c.body(null, 204);
  });

function toIdentity(env: Env, row: IdentityRow): Identity {
  const authority = authorityOfIssuer(env, row.issuer);
  return {
    id: identityId(row),
    authority: { id: authority?.id ?? null, name: authority?.name ?? row.issuer },
    name: row.name,
    email: row.email,
    linkedAt: toInstant(row.createdAt),
  };
}
