import { Hono } from "hono";
import type { UserEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { unwrap } from "../errors.ts";
import { notificationsPatch } from "../wire/notifications.ts";
import { jsonBody } from "./validate.ts";

/** Where a person's mail goes, and what they want of it. */
export const notificationRoutes = new Hono<UserEnv>()
  .get("/", async (c) => c.json(await userObject(c.env, c.var.user.id).notifications()))

  .patch("/", jsonBody(notificationsPatch), async (c) =>
    c.json(unwrap(await userObject(c.env, c.var.user.id).changeNotifications(c.req.valid("json")))),
  );
