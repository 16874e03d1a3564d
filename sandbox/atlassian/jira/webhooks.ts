import { createHmac, randomUUID } from "node:crypto";
import { z } from "zod";
import { CLIENT_SECRET } from "../../oauth/clients.ts";
import type { Delivery, Notice, Outbox } from "../../outbox.ts";
import { API_HOST } from "../hosts.ts";
import { siteOf } from "../sites.ts";
import { refuse } from "./answers.ts";
import type { Faults } from "./fault-table.ts";
import { understand } from "./jql.ts";
import { type Condition, JqlError, parseJql } from "./jql-parse.ts";
import type { Issue } from "./store.ts";
import type { JiraCall, JiraTools } from "./wire.ts";
import { written } from "./zones.ts";

// Dynamic webhooks: an app's, on behalf of one person at one site. They end after 30 days unless they are refreshed.

const LIFE_MS = 30 * 86_400_000;
const WEBHOOKS_MAX = 5;
const DELAY_MS = 200;
const TOKEN_SECONDS = 180;
const EVENTS = [
  "jira:issue_created",
  "jira:issue_updated",
  "jira:issue_deleted",
  "comment_created",
  "comment_updated",
  "comment_deleted",
] as const;
export type Event = (typeof EVENTS)[number];
const FILTER_FIELDS = new Set(["issuekey", "project", "issuetype", "status", "priority", "assignee", "reporter"]);
const FILTER_OPERATORS = new Set(["=", "!=", "in", "not in"]);

const registration = z.object({
  url: z.url(),
  webhooks: z.array(
    z.object({ jqlFilter: z.string().min(1), events: z.array(z.enum(EVENTS)).min(1), fieldIdsFilter: z.array(z.string()).optional() }),
  ),
});
const idList = z.object({ webhookIds: z.array(z.number().int()) });

type Row = {
  id: number;
  site: string;
  account: number;
  client: string;
  url: string;
  jql: string;
  events: string;
  fields: string | null;
  expires: number;
};

export type Webhooks = {
  list: (call: JiraCall) => Response;
  register: (call: JiraCall, body: unknown) => Response;
  refresh: (call: JiraCall, body: unknown) => Response;
  remove: (call: JiraCall, body: unknown) => Response;
  /** Something happened to an issue; `field`: what was changed of it. */
  tell: (issue: Issue, event: Event, field?: string) => void;
};

export function createWebhooks(tools: JiraTools & { faults: Faults; outbox: Outbox }): Webhooks {
  const { db, accounts, store, faults, now } = tools;
  const rows = (sql: string, ...values: (string | number)[]): Row[] =>
    db.prepare(`SELECT * FROM jira_webhooks WHERE ${sql}`).all(...values) as unknown as Row[];
  const own = ({ site, account, client }: JiraCall): Row[] => {
    if (client === undefined) throw refuse(403, "The caller is not an app.");
    return rows("site = ? AND account = ? AND client = ? AND expires > ? ORDER BY id", site.key, account.no, client, now());
  };

  const channel = tools.outbox.open("atlassian-jira", ({ subject, event }: Delivery): Notice => {
    const [row] = rows("id = ? AND expires > ?", Number(subject), now());
    const account = row === undefined ? undefined : accounts.numbered(row.account);
    if (row === undefined || account === undefined) return "forget";
    const { hostname, pathname, search } = new URL(row.url);
    const asked = { vendor: "atlassian", host: hostname, method: "POST", path: pathname, search, ranged: false, account: account.name };
    return {
      account,
      message: () => ({
        url: row.url,
        ...notification(row, event, faults.strike("atlassian-jira-notification-forged", asked) !== undefined),
      }),
    };
  });

  function notification({ id, client, account }: Row, event: string, forged: boolean): { headers: Record<string, string>; body: unknown } {
    const [webhookEvent = "", issueId = "", key = ""] = event.split(" ");
    return {
      headers: {
        "Content-Type": "application/json; charset=UTF-8",
        "User-Agent": "Atlassian Webhook HTTP Client",
        Authorization: `Bearer ${sign({ iss: client, sub: accounts.numbered(account)?.accountId, iat: seconds(now()), exp: seconds(now()) + TOKEN_SECONDS }, forged)}`,
        "X-Atlassian-Webhook-Identifier": randomUUID(),
        "X-Atlassian-Webhook-Flow": "Primary",
      },
      body: {
        timestamp: now(),
        webhookEvent,
        issue: { id: issueId, key, self: `https://${API_HOST}/rest/api/2/issue/${issueId}` },
        matchedWebhookIds: [id],
      },
    };
  }

  return {
    list: (call) => {
      const values = own(call).map((row) => ({
        id: row.id,
        jqlFilter: row.jql,
        events: JSON.parse(row.events) as string[],
        ...(row.fields !== null && { fieldIdsFilter: JSON.parse(row.fields) as string[] }),
        url: row.url,
        expirationDate: row.expires,
      }));
      return Response.json({ startAt: 0, maxResults: 100, total: values.length, isLast: true, values });
    },
    register: (call, body) => {
      const existing = own(call);
      const parsed = registration.safeParse(body);
      if (!parsed.success) throw refuse(400, z.prettifyError(parsed.error));
      const { url, webhooks } = parsed.data;
      const { protocol, hostname } = new URL(url);
      if (protocol !== "https:" && hostname !== "localhost" && hostname !== "127.0.0.1")
        throw refuse(400, "The webhook's URL must be HTTPS.");
      if (faults.strike("atlassian-jira-one-url", call.asked) !== undefined && existing.some((row) => row.url !== url))
        throw refuse(400, "Only a single URL per app is allowed to be registered via REST API");
      const full = faults.strike("atlassian-jira-webhook-limit", call.asked) !== undefined;
      let count = full ? WEBHOOKS_MAX : existing.length;
      const results = webhooks.map(({ jqlFilter, events, fieldIdsFilter }) => {
        const problem = filterProblem(jqlFilter);
        if (problem !== undefined) return { errors: [problem] };
        if (count >= WEBHOOKS_MAX) return { errors: [`The limit of ${WEBHOOKS_MAX} webhooks is reached.`] };
        count += 1;
        const { lastInsertRowid } = db
          .prepare("INSERT INTO jira_webhooks (site, account, client, url, jql, events, fields, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
          .run(
            call.site.key,
            call.account.no,
            call.client ?? "",
            url,
            jqlFilter,
            JSON.stringify(events),
            fieldIdsFilter ? JSON.stringify(fieldIdsFilter) : null,
            now() + LIFE_MS,
          );
        return { createdWebhookId: Number(lastInsertRowid) };
      });
      return Response.json({ webhookRegistrationResult: results });
    },
    refresh: (call, body) => {
      const ids = idsOf(body);
      const expires = now() + LIFE_MS;
      const found = own(call).filter(({ id }) => ids.includes(id));
      if (found.length < ids.length) throw refuse(400, "Some webhooks do not exist, or are another's.");
      for (const { id } of found) db.prepare("UPDATE jira_webhooks SET expires = ? WHERE id = ?").run(expires, id);
      // The vendor's schema has a number, and its example a text.
      const isText = faults.strike("atlassian-jira-refresh-text", call.asked) !== undefined;
      return Response.json({ expirationDate: isText ? written(expires, "UTC") : expires });
    },
    remove: (call, body) => {
      const ids = idsOf(body);
      for (const { id } of own(call)) if (ids.includes(id)) db.prepare("DELETE FROM jira_webhooks WHERE id = ?").run(id);
      return new Response(null, { status: 202 });
    },
    tell: (issue, event, field) => {
      for (const row of rows("site = ? AND expires > ?", issue.project.site, now())) {
        const account = accounts.numbered(row.account);
        const owner = accounts.all().find(({ siteKey }) => siteKey === row.site);
        if (account === undefined || owner === undefined || !store.mayBrowse(issue.project, account)) continue;
        const fields = row.fields === null ? undefined : (JSON.parse(row.fields) as string[]);
        if (
          !(JSON.parse(row.events) as string[]).includes(event) ||
          (event === "jira:issue_updated" && fields?.includes(field ?? "") === false)
        )
          continue;
        if (
          tools.outbox.mode(account) === "suppress" ||
          !matches(row.jql, issue, { store, site: siteOf(owner), account, zone: "UTC", now: now() })
        )
          continue;
        channel.tell(String(row.id), `${event} ${issue.id} ${issue.key}`, DELAY_MS);
      }
    },
  };
}

/** A filter may name what has gone since. */
function matches(jql: string, issue: Issue, asker: Parameters<typeof understand>[1]): boolean {
  try {
    return understand(jql, asker).matches(issue);
  } catch (error) {
    if (error instanceof JqlError) return false;
    throw error;
  }
}

function filterProblem(jql: string): string | undefined {
  try {
    const { where } = parseJql(jql);
    const unfit = clausesOf(where).find(
      ({ field, operator }) => !FILTER_FIELDS.has(field.toLowerCase()) || !FILTER_OPERATORS.has(operator),
    );
    return unfit === undefined ? undefined : `The clause ${unfit.field} is unsupported`;
  } catch (error) {
    if (error instanceof JqlError) return error.message;
    throw error;
  }
}

function clausesOf(condition: Condition | undefined): Extract<Condition, { kind: "clause" }>[] {
  if (condition === undefined) return [];
  if (condition.kind === "clause") return [condition];
  return condition.kind === "not" ? clausesOf(condition.one) : condition.all.flatMap(clausesOf);
}

function idsOf(body: unknown): number[] {
  const parsed = idList.safeParse(body);
  if (!parsed.success) throw refuse(400, z.prettifyError(parsed.error));
  return parsed.data.webhookIds;
}

const seconds = (at: number): number => Math.floor(at / 1000);

/** A JWT by HS256, with the app's secret. */
function sign(claims: object, forged: boolean): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", forged ? "another secret" : CLIENT_SECRET)
    .update(text)
    .digest("base64url")}`;
}
