import { Hono } from "hono";
import { html, raw } from "hono/html";
import { messagePage } from "../auth/page.ts";
import { callerAddress, rateLimit } from "../auth/rate-limit.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { userObject } from "../context.ts";
import { AppError } from "../errors.ts";
import { randomSecret } from "../ids.ts";
import type { LinkPurpose, LinkSubject } from "../notices/links.ts";
import { readLink } from "../notices/links.ts";
import { PAGE_STYLE } from "../page-style.ts";
import type { MailKind } from "../wire/notifications.ts";
import { MAIL_KINDS } from "../wire/notifications.ts";

const TO_SETTINGS = { label: "All notifications", href: "/app/settings/notifications" };

/**
 * What the links of our mails lead to. They work without a session, and do nothing when they are only looked at: programs
 * that read mail follow links. A mail program's one click is the POST (RFC 8058).
 */
export const mailLinkRoutes = new Hono<AppEnv>()
  .use(
    rateLimit<AppEnv>(
      (env) => env.WEBHOOK_LIMIT,
      (c) => `mail ${callerAddress(c)}`,
    ),
  )
  .get("/unsubscribe/:link", async (c) => {
    await subjectOf(c, "unsubscribe", c.req.param("link"));
    return buttonPage(c, { title: "No more mail of this kind?", text: "The others still come.", button: "Stop it" });
  })
  .post("/unsubscribe/:link", async (c) => {
    const { userId, subject } = await subjectOf(c, "unsubscribe", c.req.param("link"));
    if (isKind(subject)) await userObject(c.env, userId).unsubscribe(subject);
    return messagePage(c, { title: "No more mail of this kind", text: "You can have it again in the settings.", action: TO_SETTINGS });
  })
  .get("/confirm/:link", async (c) => {
    await subjectOf(c, "confirm", c.req.param("link"));
    return buttonPage(c, { title: "Confirm your address", text: "Tidemark's mail will come to this address.", button: "Confirm" });
  })
  .post("/confirm/:link", async (c) => {
    const { userId, subject } = await subjectOf(c, "confirm", c.req.param("link"));
    const confirmed = await userObject(c.env, userId).confirmAddress(subject);
    if (!confirmed.ok) return messagePage(c, { title: "This link no longer works", text: confirmed.message, action: TO_SETTINGS }, 410);
    return messagePage(c, { title: "Your address is confirmed", text: `Mail goes to ${confirmed.value.address}.`, action: TO_SETTINGS });
  });

async function subjectOf(c: AppContext, purpose: LinkPurpose, link: string): Promise<LinkSubject> {
  const found = await readLink(c.env, purpose, link);
  if (!found) throw new AppError("request.not_found", "There is nothing here.");
  return found;
}

function isKind(text: string): text is MailKind {
  return (MAIL_KINDS as readonly string[]).includes(text);
}

/** A page with one button, which sends it to its own address. */
function buttonPage(c: AppContext, page: { title: string; text: string; button: string }) {
  const nonce = randomSecret();
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
  c.header("content-security-policy", policy);
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
            <form method="post"><button class="action">${page.button}</button></form>
          </main>
        </body>
      </html>`,
  );
}
