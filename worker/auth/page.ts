import { html, raw } from "hono/html";
import type { AppContext } from "../context.ts";
import type { AppError, ErrorCode } from "../errors.ts";
import { randomSecret } from "../ids.ts";
import { PAGE_STYLE } from "../page-style.ts";
import { authorities } from "./authorities/registry.ts";
import type { Link } from "./problem.ts";
import { SignInProblem, TRY_AGAIN } from "./problem.ts";
import { wayOn } from "./way-on.ts";

const TITLES: Partial<Record<ErrorCode, string>> = {
  "auth.not_configured": "Sign-in is not set up",
  "auth.state_unknown": "This sign-in is not known",
  "auth.consent_declined": "Access was not given",
  "auth.admin_consent_required": "Your administrator has to agree",
  "auth.code_expired": "This sign-in has run out",
  "auth.token_rejected": "You were not signed in",
  "auth.authority_failed": "The sign-in service did not answer",
  "auth.sign_up_closed": "You are not on the list",
  "auth.identity_taken": "This account is somebody else's here",
  "connection.other_account": "This is another account",
  "connection.unsupported": "This cannot be connected",
  "request.rate_limited": "Too many attempts",
  "request.not_found": "There is nothing here",
};

/** A bad ending, as a page that says what happened and what to do. */
export function problemPage(c: AppContext, error: AppError): Response | Promise<Response> {
  const [wanted, flow] = error instanceof SignInProblem ? [error.action, error.flow] : [TRY_AGAIN, undefined];
  const action = wayOn(wanted, authorities.get(c.req.path.split("/")[2] ?? ""), flow);
  const title = TITLES[error.code] ?? "That did not work";
  return messagePage(c, { title, text: error.message, action, note: `${error.code} · ${c.var.requestId}` }, error.status);
}

interface MessagePage {
  title: string;
  text: string;
  action: Link;
  note?: string;
}

/** A page of one message; all text is escaped. Loads nothing. */
export function messagePage(c: AppContext, page: MessagePage, status: AppError["status"] = 200): Response | Promise<Response> {
  const nonce = randomSecret();
  c.header(
    "content-security-policy",
    `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  c.header("cache-control", "no-store");
  return c.html(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>${page.title} – Tidemark</title>
          <style nonce="${nonce}">
            ${raw(PAGE_STYLE)}
          </style>
        </head>
        <body>
          <main>
            <h1>${page.title}</h1>
            <p>${page.text}</p>
            <a class="action" href="${page.action.href}">${page.action.label}</a>
            <a href="/">Start page</a>
            ${page.note === undefined ? "" : html`<small>${page.note}</small>`}
            <footer><a href="/privacy">Privacy</a> <a href="/terms">Terms</a></footer>
          </main>
        </body>
      </html>`,
    status,
  );
}
