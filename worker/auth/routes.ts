import { Hono } from "hono";
import { z } from "zod";
import type { AppContext, AppEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import type { Authority } from "./authorities/authority.ts";
import { authorities } from "./authorities/registry.ts";
import { beginSignIn, signInAt, sourceAt } from "./begin.ts";
import { finishSignIn } from "./finish.ts";
import type { Flow } from "./flow.ts";
import { takeFlow } from "./flow.ts";
import { requireOwnOrigin } from "./guard.ts";
import { messagePage } from "./page.ts";
import { ASK_CONSENT_AGAIN, SignInProblem, TRY_AGAIN } from "./problem.ts";
import { callerAddress, rateLimit } from "./rate-limit.ts";
import { recordSession } from "./record.ts";
import { endSession } from "./session.ts";
import { wayOn } from "./way-on.ts";

const PARAMETER_CHARACTERS_MAX = 500;

const loginQuery = z.object({
  provider: z.string().max(50).optional(),
  return_to: z.string().max(PARAMETER_CHARACTERS_MAX).optional(),
  login_hint: z.string().max(PARAMETER_CHARACTERS_MAX).optional(),
  prompt: z.enum(["select_account", "consent"]).optional(),
});

export const authRoutes = new Hono<AppEnv>()
  // The callback needs no limit: without a flow that was begun here it does nothing.
  .get(
    "/:authority/login",
    rateLimit((env) => env.SIGN_IN_LIMIT, callerAddress),
    async (c) => {
      const authority = authorityNamed(c.req.param("authority"));
      if (!authority.identity) {
        const message = `${authority.name} does not say who somebody is, so nobody can sign in with it. Sign in, and connect it then.`;
        throw new SignInProblem("request.not_found", message);
      }
      const query = loginQuery.safeParse(c.req.query());
      if (!query.success) throw new SignInProblem("request.invalid", "This link to the sign-in is broken.");
      const { provider = authority.identity.provider, return_to: returnTo, login_hint: loginHint, prompt } = query.data;
      const request = {
        loginHint,
        // Without a hint an authority would silently take whoever is signed in there.
        chooseAccount: prompt === "select_account" || (prompt === undefined && loginHint === undefined),
        consent: prompt === "consent",
      };
      const source = sourceAt(authority, provider);
      return c.redirect(await beginSignIn(c, { authority, source, request, returnTo, purpose: { kind: "sign-in" } }, Date.now()));
    },
  )

  .get("/:authority/callback", async (c) => {
    const authority = authorityNamed(c.req.param("authority"));
    if (authority.adminConsentUrl && c.req.query("admin_consent") !== undefined) return adminConsentPage(c, authority);
    const now = Date.now();
    const flow = await takeFlow(c, c.req.query("state") ?? "", now);
    if (flow?.authority !== authority.id) {
      const message =
        "It was finished already, took longer than ten minutes, or began in another browser. If you were signed in by it, just go on; if not, begin again.";
      throw new SignInProblem("auth.state_unknown", message);
    }
    await finish(c, authority, flow, now);
    return c.redirect(flow.returnTo);
  })

  .post("/logout", requireOwnOrigin, async (c) => {
    const everywhere = c.req.query("everywhere") === "true";
    const ended = await endSession(c, Date.now(), { everywhere });
    if (ended) await recordSession(c, ended, everywhere ? "session.ended_all" : "session.ended", { target: ended.sessionId });
    // A form's navigation goes on to the start page; a script gets its answer.
    return c.req.header("sec-fetch-mode") === "navigate" ? c.redirect("/", 303) : c.body(null, 204);
  });

function authorityNamed(id: string): Authority {
  const authority = authorities.get(id);
  if (!authority) throw new AppError("request.not_found", "There is nothing here.");
  return authority;
}

async function finish(c: AppContext, authority: Authority, flow: Flow, now: number): Promise<void> {
  try {
    const source = sourceAt(authority, flow.provider, flow.method);
    const finished = await signInAt(c.env, authority, source).finish(new URL(c.req.url), flow, now);
    await finishSignIn(c, authority, source, flow, finished, now);
  } catch (error) {
    if (error instanceof SignInProblem) error.flow = flow;
    throw error;
  }
}

/** Where an administrator ends up. Says what happened, and trusts none of it: the next sign-in shows what is allowed. */
function adminConsentPage(c: AppContext, authority: Authority): Response | Promise<Response> {
  if (c.req.query("error") !== undefined) {
    throw new SignInProblem("auth.consent_declined", "The administrator's consent was not given.", ASK_CONSENT_AGAIN);
  }
  const text = "Your organisation now allows Tidemark. Everybody in it can sign in.";
  return messagePage(c, { title: "Thank you", text, action: { ...wayOn(TRY_AGAIN, authority, undefined), label: "Sign in" } });
}
