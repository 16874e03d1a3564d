import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { problemPage } from "./auth/page.ts";
import { authRoutes } from "./auth/routes.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { AppError } from "./errors.ts";
import { randomId } from "./ids.ts";
import { createLogger, errorFields } from "./log.ts";
import { apiRoutes } from "./routes/api.ts";
import { davRoutes } from "./routes/dav/dav.ts";
import { healthRoutes } from "./routes/health.ts";
import { landingRoutes } from "./routes/landing.ts";
import { mailLinkRoutes } from "./routes/mail-links.ts";
import { maintenanceRoutes } from "./routes/maintenance.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { openapiRoutes } from "./routes/openapi.ts";
import { operatorRoutes } from "./routes/operator.ts";
import { wellKnownRoutes } from "./routes/well-known.ts";
import { uiFallback } from "./routes/ui.ts";
import { autodeskWebhook } from "./webhooks/autodesk.ts";
import { dropboxWebhook } from "./webhooks/dropbox.ts";
import { googleWebhook } from "./webhooks/google.ts";
import { jiraWebhook } from "./webhooks/jira.ts";
import { microsoftWebhook } from "./webhooks/microsoft.ts";

const RAY_ID = /^[0-9a-f]{16}(-[A-Z]{3})?$/;

export type AppType = ReturnType<typeof createApp>;

/** The Worker's HTTP side: sign-in, API, webhooks; what matches none of them is a deep link of the UI. */
export function createApp() {
  return (
    new Hono<AppEnv>()
      .use(async (c, next) => {
        const ray = c.req.header("cf-ray");
        const requestId = ray !== undefined && RAY_ID.test(ray) ? ray : randomId();
        c.set("requestId", requestId);
        c.set("log", createLogger(c.env, { requestId }));
        const begun = Date.now();
        await next();
        c.header("x-request-id", requestId);
        c.var.log.info("http.answered", {
          method: c.req.method,
          path: loggedPath(c),
          status: c.res.status,
          milliseconds: Date.now() - begun,
        });
      })
      // "no-referrer", the library's choice, has browsers send forms with `Origin: null`.
      .use(secureHeaders({ referrerPolicy: "same-origin", xFrameOptions: false }))
      .use(async (c, next) => {
        await next();
        if (!c.res.headers.has("x-frame-options")) c.header("x-frame-options", "DENY");
        if (!c.res.headers.has("content-security-policy"))
          c.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
      })
      .onError(answerError)
      .notFound((c) => (isUiPath(c.req.path) ? uiFallback(c) : answerError(new AppError("request.not_found", "There is nothing here."), c)))
      .route("/", landingRoutes)
      .route("/health", healthRoutes)
      .route("/.well-known", wellKnownRoutes)
      .route("/auth", authRoutes)
      .route("/webhooks/microsoft", microsoftWebhook)
      .route("/webhooks/dropbox", dropboxWebhook)
      .route("/webhooks/google", googleWebhook)
      .route("/webhooks/jira", jiraWebhook)
      .route("/webhooks/autodesk", autodeskWebhook)
      .route("/mail", mailLinkRoutes)
      .route("/api/v1", apiRoutes)
      .route("/api/maintenance", maintenanceRoutes)
      .route("/api/operator", operatorRoutes)
      .route("/api", openapiRoutes)
      .route("/dav", davRoutes)
      .route("/metrics", metricsRoutes)
  );
}

/** Any error as an answer: a page for people below /auth, JSON for programs elsewhere. What is not expected is logged, and not told. */
function answerError(error: Error, c: AppContext): Response | Promise<Response> {
  const known = toAppError(error);
  const fields = { code: known.code, path: loggedPath(c), ...errorFields(error) };
  if (known.status >= 500) c.var.log.error("http.failed", fields);
  else c.var.log.debug("http.refused", fields);
  if (c.req.path.startsWith("/auth/") && c.req.method !== "POST") return problemPage(c, known);
  return c.json({ error: { code: known.code, message: known.message, requestId: c.var.requestId } }, known.status);
}

function toAppError(error: Error): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException && error.status < 500) return new AppError("request.invalid", error.message, { cause: error });
  return new AppError("server.unexpected", "Something went wrong here. It has been logged; the request id finds it.", { cause: error });
}

function isUiPath(path: string): boolean {
  return !/^\/(api|auth|webhooks|health|dav|metrics)(\/|$)/.test(path);
}

/** Paths of WebDAV have the names of people's files in them. */
function loggedPath(c: AppContext): string {
  return c.req.path.startsWith("/dav/") ? "/dav/…" : c.req.path;
}
