import { Hono } from "hono";
import { isAdmin } from "../auth/admin.ts";
import { record, recordOf } from "../auth/record.ts";
import { hashOfToken, makeToken } from "../auth/token.ts";
import type { UserEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import { countTokens, deleteToken, insertToken, listTokens, toToken } from "../db/tokens.ts";
import { listIdentities } from "../db/users.ts";
import { AppError } from "../errors.ts";
import { timeId } from "../ids.ts";
import type { NewToken } from "../wire.ts";
import { pageQuery, tokenCreate } from "../wire.ts";
import { jsonBody, query } from "./validate.ts";

/** Most tokens of one user. */
const TOKENS_MAX = 100;
const DAY_MILLISECONDS = 24 * 3_600_000;

/** What programs sign in with. Made and revoked by people only: `scopeOf` lets no token do it. */
export const tokenRoutes = new Hono<UserEnv>()
  .get("/", query(pageQuery), async (c) => {
    const { items, cursor } = await listTokens(accounts(c.env), c.var.user.id, c.req.valid("query"));
    return c.json({ items: items.map(toToken), cursor });
  })

  /** The only answer that has the token itself. */
  .post("/", jsonBody(tokenCreate), async (c) => {
    const { name, scopes, expiresInDays } = c.req.valid("json");
    const userId = c.var.user.id;
    const db = accounts(c.env);
    if (scopes.includes("admin") && !isAdmin(c.env, await listIdentities(db, userId))) {
      throw new AppError("auth.admin_required", "Only an administrator's token can have the scope “admin”.");
    }
    if ((await countTokens(db, userId)) >= TOKENS_MAX) {
      throw new AppError("token.too_many", `A user has ${TOKENS_MAX} tokens at most. Revoke one that is no longer used.`);
    }
    const now = Date.now();
    const id = timeId(now);
    const token = makeToken(id);
    const expiresAt = expiresInDays === undefined ? null : now + expiresInDays * DAY_MILLISECONDS;
    const row = { id, userId, hash: hashOfToken(token), name, scopes, createdAt: now, expiresAt, lastUsedAt: null };
    await insertToken(db, row, recordOf(c, "token.made", { target: id, name }));
    c.var.log.info("token.made", { tokenId: id, scopes: scopes.join(" ") });
    const answer: NewToken = { ...toToken(row), token };
    return c.json(answer, 201);
  })

  /** Revokes it: the next request with it is refused. */
  .delete("/:id", async (c) => {
    const tokenId = c.req.param("id");
    const revoked = await deleteToken(accounts(c.env), c.var.user.id, tokenId);
    if (!revoked) throw new AppError("token.not_found", "There is no such token.");
    await record(c, "token.revoked", { target: tokenId, name: revoked.name });
    c.var.log.info("token.revoked", { tokenId });
    return c.body(null, 204);
  });
