import { Hono } from "hono";
import { z } from "zod";
import type { AppContext, AppEnv } from "../context.ts";
import { beginSignIn, DEFAULT_PROVIDER, MICROSOFT, microsoftProvider } from "./begin.ts";
import { finishSignIn } from "./finish.ts";
import { takeFlow } from "./flow.ts";
import { requireOwnOrigin } from "./guard.ts";
import { MicrosoftSignIn } from "./microsoft.ts";
import { messagePage } from "./page.ts";
import { ASK_CONSENT_AGAIN, SignInProblem, TRY_AGAIN } from "./problem.ts";
import { callerAddress, rateLimit } from "./rate-limit.ts";
import { endSession } from "./session.ts";

const PARAMETER_CHARACTERS_MAX = 500;

const loginQuery = z.object({
  provider: z.string().max(50).default(DEFAULT_PROVIDER),
  return_to: z.string().max(PARAMETER_CHARACTERS_MAX).optional(),
  login_hint: z.string().max(PARAMETER_CHARACTERS_MAX).optional(),
  prompt: z.enum(["select_account", "consent"]).optional(),
});

export const authRoutes = new Hono<AppEnv>()
  // The callback needs no limit: without a flow that was begun here it does nothing.
  .get(
    "/microsoft/login",
    rateLimit((env) => env.SIGN_IN_LIMIT, callerAddress),
    async (c) => {
      const query = loginQuery.safeParse(c.req.query());
      if (!query.success) throw new SignInProblem("request.invalid", "This link to the sign-in is broken.");
      const { provider, return_to: returnTo, login_hint: loginHint, prompt } = query.data;
      // Without a hint Microsoft would silently take whoever is signed in there.
      const ask = prompt ?? (loginHint === undefined ? "select_account" : undefined);
      const url = await beginSignIn(c, { provider, returnTo, loginHint, prompt: ask, purpose: { kind: "sign-in" } }, Date.now());
      return c.redirect(url);
    },
  )

  .get("/microsoft/callback", async (c) => {
    if (c.req.query("admin_consent") !== undefined) return adminConsentPage(c);
    const now = Date.now();
    const flow = await takeFlow(c, c.req.query("state") ?? "", now);
    if (flow?.authority !== MICROSOFT) {
      const message =
        "It was finished already, took longer than ten minutes, or began in another browser. If you were signed in by it, just go on; if not, begin again.";
      throw new SignInProblem("auth.state_unknown", message);
    }
    const { scopes } = microsoftProvider(flow.provider).method;
    const finished = await new MicrosoftSignIn(c.env, scopes).finish(new URL(c.req.url), flow, now);
    await finishSignIn(c, flow, finished, now);
    return c.redirect(flow.returnTo);
  })

  .post("/logout", requireOwnOrigin, async (c) => {
    await endSession(c, Date.now(), { everywhere: c.req.query("everywhere") === "true" });
    // A form's navigation goes on to the start page; a script gets its answer.
    return c.req.header("sec-fetch-mode") === "navigate" ? c.redirect("/", 303) : c.body(null, 204);
  });

/** Where an administrator ends up. Says what happened, and trusts none of it: the next sign-in shows what is allowed. */
function adminConsentPage(c: AppContext): Response | Promise<Response> {
  if (c.req.query("error") !== undefined) {
    throw new SignInProblem("auth.consent_declined", "The administrator's consent was not given.", ASK_CONSENT_AGAIN);
  }
  const text = "Your organisation now allows Tidemark. Everybody in it can sign in.";
  return messagePage(c, { title: "Thank you", text, action: { ...TRY_AGAIN, label: "Sign in" } });
}
