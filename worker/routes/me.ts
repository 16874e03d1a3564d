import { Hono } from "hono";
import { isAdmin } from "../auth/admin.ts";
import type { UserEnv } from "../context.ts";
import { accounts, catalogue } from "../db/client.ts";
import { userQuotas } from "../db/quotas.ts";
import type { SyncRow } from "../db/syncs.ts";
import { listSyncs } from "../db/syncs.ts";
import { quotaOf } from "../sync/quota.ts";
import { toInstant } from "../db/instant.ts";
import { toToken } from "../db/tokens.ts";
import { listIdentities } from "../db/users.ts";
import type { Me } from "../wire.ts";

export const meRoutes = new Hono<UserEnv>().get("/", async (c) => {
  const { user } = c.var;
  const db = accounts(c.env);
  const [identities, own, syncs] = await Promise.all([
    listIdentities(db, user.id),
    userQuotas(db, user.id),
    listSyncs(catalogue(c.env, user.homeShard), user.id),
  ]);
  const quota = quotaOf(own, c.env);
  const answer: Me = {
    id: user.id,
    name: user.name,
    email: user.email,
    admin: isAdmin(c.env, identities),
    usage: usageOf(syncs),
    quota: { bytes: limitOf(quota.bytes), items: limitOf(quota.items), syncs: limitOf(quota.syncs) },
    token: c.var.token && toToken(c.var.token),
    createdAt: toInstant(user.createdAt),
  };
  return c.json(answer);
});

function usageOf(syncs: readonly SyncRow[]): Me["usage"] {
  const sum = (of: (sync: SyncRow) => number) => syncs.reduce((total, sync) => total + of(sync), 0);
  return {
    bytes: sum((sync) => sync.storedBytes),
    versionBytes: sum((sync) => sync.versionBytes),
    items: sum((sync) => sync.itemCount),
    syncs: syncs.length,
  };
}

function limitOf(most: number): number | null {
  return most === Infinity ? null : most;
}
