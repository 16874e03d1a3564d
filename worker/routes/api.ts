import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requireScope, requireUser } from "../auth/guard.ts";
import { rateLimit } from "../auth/rate-limit.ts";
import type { UserEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { auditRoutes } from "./audit.ts";
import { bulkRoutes } from "./bulk.ts";
import { deadLetterRoutes } from "./admin/dead-letters.ts";
import { adminStatusRoutes } from "./admin/status.ts";
import { adminUserRoutes } from "./admin/users.ts";
import { changeRoutes } from "./changes.ts";
import { connectionRoutes } from "./connections.ts";
import { eventRoutes } from "./events.ts";
import { filePreviewRoutes } from "./file-preview.ts";
import { failureRoutes } from "./failures.ts";
import { identityRoutes } from "./identities.ts";
import { itemRoutes } from "./items.ts";
import { leavingRoutes } from "./leaving.ts";
import { meRoutes } from "./me.ts";
import { notificationRoutes } from "./notifications.ts";
import { dashboardRoutes, statusRoutes } from "./overview.ts";
import { providerRoutes } from "./providers.ts";
import { recentChangeRoutes } from "./recent-changes.ts";
import { runRoutes } from "./runs.ts";
import { searchRoutes } from "./search.ts";
import { storageRoutes } from "./storage.ts";
import { sessionRoutes } from "./sessions.ts";
import { syncRoutes } from "./syncs.ts";
import { tokenRoutes } from "./tokens.ts";
import { versionRoutes } from "./versions.ts";
import { zipRoutes } from "./zip.ts";
import { webhookRoutes } from "./webhooks.ts";

const BODY_BYTES_MAX = 64 * 1024;

/** Where these routes are. */
export const API_BASE = "/api/v1";

/** For who is signed in: people, from our own pages only, and their programs, as far as their tokens' scopes go. */
export const apiRoutes = new Hono<UserEnv>()
  .use(requireUser)
  .use(
    rateLimit<UserEnv>(
      (env) => env.API_LIMIT,
      (c) => c.var.user.id,
    ),
  )
  .use(requireScope(API_BASE))
  .use(bodyLimit({ maxSize: BODY_BYTES_MAX, onError: tooLarge }))
  .use(async (c, next) => {
    await next();
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  })
  .route("/me", meRoutes)
  .route("/me", leavingRoutes)
  .route("/tokens", tokenRoutes)
  .route("/sessions", sessionRoutes)
  .route("/identities", identityRoutes)
  .route("/audit", auditRoutes)
  .route("/status", statusRoutes)
  .route("/dashboard", dashboardRoutes)
  .route("/providers", providerRoutes)
  .route("/connections", connectionRoutes)
  .route("/syncs", syncRoutes)
  .route("/syncs/:id/failures", failureRoutes)
  .route("/runs", runRoutes)
  .route("/items", bulkRoutes)
  .route("/items", zipRoutes)
  .route("/items", filePreviewRoutes)
  .route("/items", itemRoutes)
  .route("/items", versionRoutes)
  .route("/search", searchRoutes)
  .route("/changes/recent", recentChangeRoutes)
  .route("/changes", changeRoutes)
  .route("/events", eventRoutes)
  .route("/storage", storageRoutes)
  .route("/webhooks", webhookRoutes)
  .route("/notifications", notificationRoutes)
  .route("/admin/users", adminUserRoutes)
  .route("/admin/status", adminStatusRoutes)
  .route("/admin/dead-letters", deadLetterRoutes);

function tooLarge(): never {
  throw new AppError("request.body_too_large", `A request has at most ${BODY_BYTES_MAX} bytes.`);
}
