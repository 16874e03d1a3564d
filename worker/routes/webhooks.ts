import { Hono } from "hono";
import type { AppContext, UserEnv, UserObject } from "../context.ts";
import { userObject } from "../context.ts";
import { AppError, unwrap } from "../errors.ts";
import { ProviderError } from "../providers/errors.ts";
import { publicUrl } from "../providers/public-host.ts";
import { pageQuery } from "../wire.ts";
import { secretRotation, webhookCreate, webhookPatch } from "../wire/webhooks.ts";
import { jsonBody, query } from "./validate.ts";

/** Where a person's programs are told what happens. The user's object keeps all of it. */
export const webhookRoutes = new Hono<UserEnv>()
  .get("/", async (c) => c.json({ items: await object(c).listEndpoints(), cursor: null }))

  /** This answer is the only one that has the secret. */
  .post("/", jsonBody(webhookCreate), async (c) => {
    const asked = c.req.valid("json");
    return c.json(unwrap(await object(c).createEndpoint({ ...asked, url: reachable(c, asked.url) })), 201);
  })

  .get("/:id", async (c) => c.json(unwrap(await object(c).getEndpoint(c.req.param("id")))))

  .patch("/:id", jsonBody(webhookPatch), async (c) => {
    const { url, ...rest } = c.req.valid("json");
    const patch = { ...rest, ...(url !== undefined && { url: reachable(c, url) }) };
    return c.json(unwrap(await object(c).updateEndpoint(c.req.param("id"), patch)));
  })

  .delete("/:id", async (c) => {
    unwrap(await object(c).deleteEndpoint(c.req.param("id")));
    return c.body(null, 204);
  })

  .post("/:id/test", async (c) => c.json(unwrap(await object(c).testEndpoint(c.req.param("id"))), 202))

  /** This answer is the only one that has the new secret. */
  .post("/:id/rotate-secret", jsonBody(secretRotation), async (c) =>
    c.json(unwrap(await object(c).rotateSecret(c.req.param("id"), c.req.valid("json").oldSecretHours))),
  )

  .get("/:id/deliveries", query(pageQuery), async (c) =>
    c.json(unwrap(await object(c).deliveries(c.req.param("id"), c.req.valid("query")))),
  )

  .post("/:id/deliveries/:deliveryId/redeliver", async (c) =>
    c.json(unwrap(await object(c).redeliver(c.req.param("id"), c.req.param("deliveryId"))), 202),
  );

function object(c: AppContext<UserEnv>): UserObject {
  return userObject(c.env, c.var.user.id);
}

/** The address as it will be called. Throws where it is not on the public internet, or not https. */
function reachable(c: AppContext<UserEnv>, text: string): string {
  try {
    return publicUrl(text, c.env.ORIGIN).href;
  } catch (error) {
    if (error instanceof ProviderError) throw new AppError("webhook.refused", `url: ${error.message}`);
    throw error;
  }
}
