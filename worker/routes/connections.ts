import { Hono } from "hono";
import { beginSignIn, microsoftProvider } from "../auth/begin.ts";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { catalogue } from "../db/client.ts";
import type { ConnectionRow } from "../db/connections.ts";
import { getConnection, listConnections, toConnection } from "../db/connections.ts";
import { AppError, unwrap } from "../errors.ts";
import { connectByForm, formOf } from "./connect-form.ts";
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
    const form = formOf(provider, method, fields);
    if (form) return c.json(begun({ connection: await connectByForm(c, form, connectionId) }));
    microsoftProvider(provider);
    const userId = c.var.user.id;
    if (connectionId === undefined) {
      const purpose = { kind: "link", userId } as const;
      const authorizeUrl = await beginSignIn(c, { provider, returnTo, prompt: "select_account", purpose }, Date.now());
      return c.json(begun({ authorizeUrl }));
    }
    const row = found(await getConnection(catalogue(c.env, c.var.user.homeShard), userId, connectionId));
    if (row.provider !== provider) throw new AppError("request.invalid", `provider: the connection's is ${row.provider}`);
    const purpose = { kind: "reconnect", userId, connectionId } as const;
    const authorizeUrl = await beginSignIn(c, { provider, returnTo, loginHint: row.accountEmail ?? undefined, purpose }, Date.now());
    return c.json(begun({ authorizeUrl }));
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
    const left = unwrap(await userObject(c.env, c.var.user.id).disconnect(c.req.param("id"), c.var.requestId));
    return left === null ? c.body(null, 204) : c.json(left, 200);
  })

  .post("/:id/test", async (c) => c.json(unwrap(await userObject(c.env, c.var.user.id).testConnection(c.req.param("id"), c.var.requestId))))

  .post("/:id/refresh", async (c) =>
    c.json(unwrap(await userObject(c.env, c.var.user.id).refreshConnection(c.req.param("id"), c.var.requestId))),
  );

function begun(what: Partial<ConnectionBegun>): ConnectionBegun {
  return { authorizeUrl: null, connection: null, ...what };
}

function found(row: ConnectionRow | undefined): ConnectionRow {
  if (!row) throw new AppError("connection.not_found", "There is no such connection.");
  return row;
}
