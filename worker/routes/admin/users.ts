import { Hono } from "hono";
import { z } from "zod";
import { isAdmin } from "../../auth/admin.ts";
import type { AppContext, UserEnv } from "../../context.ts";
import { userObject } from "../../context.ts";
import type { UserTotals } from "../../db/admin.ts";
import { findUser, searchUsers, setQuotas, totalsOfUsers } from "../../db/admin.ts";
import { accounts, catalogue, catalogues } from "../../db/client.ts";
import { listConnections, toConnection } from "../../db/connections.ts";
import { toInstant, toInstantOrNull } from "../../db/instant.ts";
import type { RunRow } from "../../db/runs.ts";
import { lastRuns, toRun } from "../../db/runs.ts";
import type { SyncRow } from "../../db/syncs.ts";
import { listSyncs } from "../../db/syncs.ts";
import type { UserRow } from "../../db/users.ts";
import { listIdentities } from "../../db/users.ts";
import { AppError } from "../../errors.ts";
import { quotaOf } from "../../sync/quota.ts";
import type { SyncStatus } from "../../wire.ts";
import type { AdminRuns, AdminUser, AdminUserDetail } from "../../wire/admin.ts";
import { adminUserPatch, adminUsersQuery } from "../../wire/admin.ts";
import { decodeCursor, encodeCursor } from "../list-items.ts";
import { jsonBody, query } from "../validate.ts";
import { noteAct, noteActOn } from "./audit.ts";
import { liveStatuses } from "./live.ts";

const placeOfUser = z.object({ signedInAt: z.int(), id: z.string() });

/** /admin/users: who is here, how they fare, and what an administrator may do about it. */
export const adminUserRoutes = new Hono<UserEnv>()
  .get("/", query(adminUsersQuery), async (c) => {
    const { search = "", limit, cursor } = c.req.valid("query");
    noteAct(c, "users.listed", { search: search !== "" });
    const after = cursor === undefined ? null : decodeCursor(cursor, placeOfUser);
    const found = await searchUsers(accounts(c.env), { search, after, limit: limit + 1 });
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const totals = await totalsOf(c, rows);
    return c.json({
      items: rows.map((row) => toAdminUser(row, totals.get(row.id))),
      cursor: last && found.length > limit ? encodeCursor({ signedInAt: last.signedInAt, id: last.id }) : null,
    });
  })

  .get("/:id", async (c) => {
    const user = await loadUser(c);
    await noteActOn(c, user.id, "user.read");
    return c.json(await detailOf(c, user));
  })

  /** Limits of this user's own, heeded within a minute. */
  .patch("/:id", jsonBody(adminUserPatch), async (c) => {
    const { bytes, items, syncs } = c.req.valid("json").quota;
    const user = await loadUser(c);
    await noteActOn(c, user.id, "user.changed");
    const quota = {
      ...(bytes !== undefined && { quotaBytes: bytes }),
      ...(items !== undefined && { quotaItems: items }),
      ...(syncs !== undefined && { quotaSyncs: syncs }),
    };
    if (Object.keys(quota).length > 0) {
      await setQuotas(accounts(c.env), user.id, quota);
      // The bucket keeps what an account is, for a catalogue that was lost.
      await userObject(c.env, user.id).accountChanged();
    }
    return c.json(await detailOf(c, await loadUser(c)));
  })

  /** Runs every active sync, as its user could. */
  .post("/:id/run", async (c) => {
    const user = await loadUser(c);
    await noteActOn(c, user.id, "user.run");
    const answer: AdminRuns = { started: 0, refused: [] };
    for (const sync of await listSyncs(catalogue(c.env, user.homeShard), user.id)) {
      if (sync.status !== "active") continue;
      const run = await userObject(c.env, user.id).run(sync.id, { full: false, trigger: "manual" }, c.var.requestId);
      if (run.ok) answer.started += 1;
      else answer.refused.push({ syncId: sync.id, code: run.code, message: run.message });
    }
    return c.json(answer, 202);
  });

async function loadUser(c: AppContext<UserEnv>): Promise<UserRow> {
  const user = await findUser(accounts(c.env), c.req.param("id") ?? "");
  if (!user) throw new AppError("user.not_found", "There is no such user.");
  return user;
}

async function detailOf(c: AppContext<UserEnv>, user: UserRow): Promise<AdminUserDetail> {
  const db = catalogue(c.env, user.homeShard);
  const [identities, connections, syncs, totals, live] = await Promise.all([
    listIdentities(accounts(c.env), user.id),
    listConnections(db, user.id),
    listSyncs(db, user.id),
    totalsOf(c, [user]),
    liveStatuses(c, user.id),
  ]);
  const runs = await lastRuns(
    db,
    user.id,
    syncs.map((sync) => sync.id),
  );
  const quota = quotaOf(user, c.env);
  const orNull = (most: number) => (most === Infinity ? null : most);
  return {
    ...toAdminUser(user, totals.get(user.id)),
    admin: isAdmin(c.env, identities),
    identities: identities.map(({ issuer, subject }) => ({ issuer, subject })),
    quota: { bytes: orNull(quota.bytes), items: orNull(quota.items), syncs: orNull(quota.syncs) },
    ownQuota: { bytes: user.quotaBytes, items: user.quotaItems, syncs: user.quotaSyncs },
    connections: connections.map(toConnection),
    syncs: syncs.map((sync) => toAdminSync(sync, runs.get(sync.id), live?.get(sync.id))),
  };
}

async function totalsOf(c: AppContext<UserEnv>, users: readonly UserRow[]): Promise<Map<string, UserTotals>> {
  const found = await Promise.all(
    catalogues(c.env).map((db, shard) =>
      totalsOfUsers(
        db,
        users.filter(({ homeShard }) => homeShard === shard).map(({ id }) => id),
      ),
    ),
  );
  return new Map(found.flat().map((totals) => [totals.userId, totals]));
}

function toAdminUser(row: UserRow, totals: UserTotals | undefined): AdminUser {
  const problems = {
    connections: totals?.brokenConnections ?? 0,
    failedFiles: totals?.failedFiles ?? 0,
    heldFiles: totals?.heldFiles ?? 0,
    alarmedSyncs: totals?.alarmedSyncs ?? 0,
  };
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    createdAt: toInstant(row.createdAt),
    signedInAt: toInstant(row.signedInAt),
    usage: {
      bytes: totals?.bytes ?? 0,
      versionBytes: totals?.versionBytes ?? 0,
      items: totals?.items ?? 0,
      syncs: totals?.syncs ?? 0,
    },
    health: Object.values(problems).some((count) => count > 0) ? "attention" : "ok",
    problems,
  };
}

function toAdminSync(row: SyncRow, last: RunRow | undefined, live: SyncStatus | undefined): AdminUserDetail["syncs"][number] {
  const run = last && toRun(last);
  return {
    id: row.id,
    connectionId: row.connectionId,
    name: row.name,
    mode: row.mode,
    status: row.status,
    files: row.fileCount,
    stored: row.storedCount,
    failed: row.failedCount,
    bytes: row.storedBytes,
    upToDateAt: toInstantOrNull(row.upToDateAt),
    lastRun: run ? { id: run.id, status: run.status, finishedAt: run.finishedAt, error: run.error } : null,
    live: live ? { backlog: live.backlog, waitingFor: live.waitingFor, running: live.activeRun !== null } : null,
  };
}
