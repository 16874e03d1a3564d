import { html } from "hono/html";
import { catalogue } from "../db/client.ts";
import { getConnection } from "../db/connections.ts";
import { getSync } from "../db/syncs.ts";
import { userObject } from "../context.ts";
import { signLink } from "./links.ts";
import type { MailWords } from "./mail-words.ts";
import { wordsOf } from "./mail-words.ts";
import type { LeasedMail } from "./message.ts";
import { senderOf } from "./sender.ts";

// One mail: plain text, and the same as simple HTML with everything escaped, by Cloudflare's binding, which makes the MIME.

const NAME_CHARACTERS_MAX = 80;

/** Throws where the mail was not taken. */
export async function sendMail(mail: LeasedMail, userId: string, env: Env): Promise<void> {
  const from = senderOf(env);
  if (!from) throw new Error("MAIL_FROM is not set.");
  const { matter } = mail;
  const confirmPath = matter.kind === "confirm" ? `/mail/confirm/${await signLink(env, "confirm", { userId, subject: matter.nonce })}` : "";
  const words = wordsOf(matter, oneLine(await nameOf(mail, userId, env)), confirmPath);
  const stop =
    matter.kind === "confirm"
      ? null
      : `${env.ORIGIN}/mail/unsubscribe/${await signLink(env, "unsubscribe", { userId, subject: matter.kind })}`;
  await env.MAIL.send({
    from,
    to: mail.to,
    subject: oneLine(words.subject),
    text: textOf(words, env.ORIGIN, stop),
    html: htmlOf(words, env.ORIGIN, stop),
    ...(stop !== null && { headers: { "List-Unsubscribe": `<${stop}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" } }),
  });
}

/** What the person calls it. */
async function nameOf({ matter, homeShard }: LeasedMail, userId: string, env: Env): Promise<string> {
  const db = catalogue(env, homeShard);
  switch (matter.kind) {
    case "reconnect":
      return (await getConnection(db, userId, matter.subjectId))?.label ?? "a source";
    case "held":
    case "failing":
      return (await getSync(db, userId, matter.subjectId))?.name ?? "a sync";
    case "webhooks": {
      const endpoints = await userObject(env, userId).listEndpoints();
      return URL.parse(endpoints.find(({ id }) => id === matter.subjectId)?.url ?? "")?.host ?? "a webhook";
    }
    case "quota":
    case "confirm":
      return "";
  }
}

/** No header has a second line, however a sync is called. */
function oneLine(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, NAME_CHARACTERS_MAX * 2);
}

function textOf({ paragraphs, action }: MailWords, origin: string, stop: string | null): string {
  const end = stop === null ? [] : ["--", `No more mail of this kind: ${stop}`];
  return [...paragraphs, `${action.label}: ${origin}${action.path}`, ...end].join("\n\n");
}

function htmlOf({ subject, paragraphs, action }: MailWords, origin: string, stop: string | null): string {
  return String(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <title>${subject}</title>
        </head>
        <body style="font: 16px/1.5 sans-serif; max-width: 36em; margin: 2em auto; padding: 0 1em;">
          ${paragraphs.map((text) => html`<p>${text}</p> `)}
          <p><a href="${origin}${action.path}">${action.label}</a></p>
          ${stop === null ? "" : html`<p style="font-size: 13px; margin-top: 2em;"><a href="${stop}">No more mail of this kind</a></p> `}
        </body>
      </html>`,
  );
}
