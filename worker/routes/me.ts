import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import { toInstant } from "../db/instant.ts";
import type { Identity } from "../db/users.ts";
import { listIdentities } from "../db/users.ts";
import type { Me } from "../wire.ts";

export const meRoutes = new Hono<UserEnv>().get("/", async (c) => {
  const { user } = c.var;
  const identities = await listIdentities(accounts(c.env), user.id);
  const answer: Me = {
    id: user.id,
    name: user.name,
    email: user.email,
    admin: isAdmin(c.env, identities),
    createdAt: toInstant(user.createdAt),
  };
  return c.json(answer);
});

/** Administrators are named by issuer and subject, never by an address: "issuer subject[,issuer subject…]". */
function isAdmin(env: Pick<Env, "ADMIN_SUBJECTS">, identities: readonly Identity[]): boolean {
  const named = new Set((env.ADMIN_SUBJECTS || "").split(",").map((entry) => entry.trim().split(/\s+/).join(" ")));
  return identities.some(({ issuer, subject }) => named.has(`${issuer} ${subject}`));
}
