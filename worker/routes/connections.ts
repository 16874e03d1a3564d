import { Hono } from "hono";
import { authorityOf } from "../auth/authorities/registry.ts";
import type { Source } from "../auth/begin.ts";
import { beginSignIn } from "../auth/begin.ts";
import { record } from "../auth/record.ts";
import type { AppContext, UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import type { ConnectionRow } from "../db/connections.ts";
import { getConnection, listConnections, toConnection } from "../db/connections.ts";
import { AppError, unwrap } from "../errors.ts";
import { askedFor, connectByForm } from "./connect-form.ts";
import { jsonBody, query } from "./validate.ts";
import type { ConnectionBegun } from "../wire.ts";
import { browseQuery, connectionCreate, connectionPatch } from "../wire.ts";

export const connectionRoutes = new Hono<UserEnv>()
  .get("/", async (c) => {
    const { id, homeShard } = c.var.user;
    const rows = await listConnections(catalogue(c.env, homeShard), id);
    return c.json({ items: rows.map(toConnection), cursor: null });
  })

  /** Of a sign-in: where to send the browser. Of a form: what was filled in is tried, and makes the connection. */
  .post("/", jsonBody(connectionCreate), async (c) => {
    const { provider, method, fields, connectionId, returnTo } = c.req.valid("json");
    const asked = askedFor(provider, method, fields);
    if ("values" in asked) return c.json(begun({ connection: await connectByForm(c, asked, connectionId) }));
    return c.json(begun({ authorizeUrl: await beginConnecting(c, asked, connectionId, returnTo) }));
  })

  .get("/:id", async (c) => {
    const { id, homeShard } = c.var.user;
    const row = await getConnection(catalogue(c.env, homeShard), id, c.req.param("id"));
    return c.json(toConnection(found(row)));
  })

  /** Folders, and feeds, to pick from: as the source has them now. */
  .get("/:id/browse", query(browseQuery), async (c) => {
    const { parent, feed, search, cursor } = c.req.valid("query");
    const request = {
      parent: parent === undefined ? null : { id: parent, ...(feed !== undefined && { feedId: feed }) },
      cursor: cursor ?? null,
      ...(search !== undefined && { search }),
    };
    return c.json(unwrap(await userObject(c.env, c.var.user.id).browse(c.req.param("id"), request, c.var.requestId)));
  })

  .patch("/:id", jsonBody(connectionPatch), async (c) => {
    const { label } = c.req.valid("json");
    return c.json(unwrap(await userObject(c.env, c.var.user.id).labelConnection(c.req.param("id"), label, c.var.requestId)));
  })

  /** Destroys the credential. With syncs the connection stays, revoked, so that their copies can be read; without it goes. */
  .delete("/:id", async (c) => {
    const { id, homeShard } = c.var.user;
    const row = found(await getConnection(catalogue(c.env, homeShard), id, c.req.param("id")));
    const left = unwrap(await userObject(c.env, id).disconnect(row.id, c.var.requestId));
    await record(c, "connection.removed", { target: row.id, name: row.label });
    return left === null ? c.body(null, 204) : c.json(left, 200);
  })

  .post("/:id/test", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).testConnection(c.req.param("id"), c.var.requestId))))

  .post("/:id/refresh", async (c) =>
    c.json(unwrap(await userObject(c.env, c.var.user.id).refreshConnection(c.req.param("id"), c.var.requestId))),
  );

/** Where to send the browser to connect a source, or, where a connection is named, to connect that one again. */
async function beginConnecting(
  c: AppContext<UserEnv>,
  source: Source,
  connectionId: string | undefined,
  returnTo: string | undefined,
): Promise<string> {
  const { id: userId, homeShard } = c.var.user;
  const authority = authorityOf(source.method);
  if (connectionId === undefined) {
    const request = { chooseAccount: true, consent: false };
    return beginSignIn(c, { authority, source, request, returnTo, purpose: { kind: "link", userId } }, Date.now());
  }
  const row = found(await getConnection(catalogue(c.env, homeShard), userId, connectionId));
  if (row.provider !== source.definition.id) throw new AppError("request.invalid", `provider: the connection's is ${row.provider}`);
  const request = { chooseAccount: false, consent: false, loginHint: row.accountEmail ?? undefined };
  return beginSignIn(c, { authority, source, request, returnTo, purpose: { kind: "reconnect", userId, connectionId } }, Date.now());
}

function begun(what: Partial<ConnectionBegun>): ConnectionBegun {
  return { authorizeUrl: null, connection: null, ...what };
}

function found(row: ConnectionRow | undefined): ConnectionRow {
  if (!row) throw new AppError("connection.not_found", "There is no such connection.");
  return row;
}
