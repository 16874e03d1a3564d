import { describe, expect, it } from "vitest";
import { feedIdOf } from "../../worker/providers/jira/ids.ts";
import type { Provider, SubscribeRequest } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";
import { SandboxJira } from "./sandbox-jira.ts";

// An app may have five webhooks for a person at a site: all projects of a connection share one.

const DAY = 86_400_000;

async function site(count: number) {
  const jira = await SandboxJira.open("webhooks");
  const projects = await jira.mutate(...Array.from({ length: count }, (_, n) => ({ op: "project", key: `P${n}`, name: `Project ${n}` })));
  const feedIds = projects.map((projectId) => feedIdOf({ siteId: jira.cloudId, projectId }));
  return { jira, projects, feedIds, webhook: webhookOf(jira.provider) };
}

function webhookOf({ webhook }: Provider) {
  if (!webhook) throw new Error("Jira has webhooks.");
  return webhook;
}

const request = (feedId: string, clientState = "proof"): SubscribeRequest => ({
  feedId,
  notificationUrl: "https://tidemark.example/webhooks/jira",
  clientState,
  expiresAt: Date.now() + 30 * DAY,
});

/** As Jira has them. */
async function webhooks(jira: SandboxJira): Promise<{ url: string; jqlFilter: string }[]> {
  const token = await jira.context.accessToken();
  const url = `https://api.atlassian.com/ex/jira/${jira.cloudId}/rest/api/3/webhook`;
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  return (await answer.json<{ values: { url: string; jqlFilter: string }[] }>()).values.map(({ url: to, jqlFilter }) => ({
    url: to,
    jqlFilter,
  }));
}

describe("webhooks of Jira", () => {
  it("are one for all projects, for thirty days, renewed, and gone with the last project", async () => {
    const { jira, projects, feedIds, webhook } = await site(7);
    const made: { id: string; expiresAt: number }[] = [];
    for (const feedId of feedIds) made.push(await webhook.subscribe(request(feedId)));
    const url = "https://tidemark.example/webhooks/jira?state=proof";
    expect(await webhooks(jira)).toEqual([{ url, jqlFilter: `project in (${projects.join(", ")})` }]);
    const [first] = made;
    expect(first?.expiresAt).toBeGreaterThan(Date.now() + 29 * DAY);
    // Asked for again it is still the one.
    expect((await webhook.subscribe(request(feedIds[0] ?? ""))).id).toBe(first?.id);
    await jira.fault({ name: "atlassian-jira-refresh-text", times: 1 });
    const renewed = await webhook.renew?.(first?.id ?? "", 0);
    expect([renewed?.id, (renewed?.expiresAt ?? 0) > Date.now() + 29 * DAY]).toEqual([first?.id, true]);
    await webhook.unsubscribe(first?.id ?? "");
    expect(await webhooks(jira)).toEqual([{ url, jqlFilter: `project in (${projects.slice(1).join(", ")})` }]);
    await expect(webhook.renew?.(first?.id ?? "", 0)).rejects.toMatchObject({ kind: "not_found" });
    for (const { id } of [...made, ...made]) await webhook.unsubscribe(id);
    expect(await webhooks(jira)).toEqual([]);
  });

  it("tell of what happens in their projects alone", async () => {
    const { jira, feedIds, webhook } = await site(2);
    await webhook.subscribe(request(feedIds[0] ?? "", `test-${jira.account}`));
    await jira.mutate({ op: "create", project: "P1", summary: "not told" }, { op: "create", project: "P0", summary: "told" });
    await jira.mutate({ op: "comment", issue: "P0-1", body: "told" });
    const sent = async () => (await control<{ sent: { body: { webhookEvent: string } }[] }>("GET", `/outbox?account=${jira.account}`)).sent;
    await expect
      .poll(async () => (await sent()).map(({ body }) => body.webhookEvent).sort())
      .toEqual(["comment_created", "jira:issue_created"]);
  });

  it("leave those of another connection alone", async () => {
    const { jira, feedIds, webhook } = await site(1);
    const mine = await webhook.subscribe(request(feedIds[0] ?? "", "mine"));
    const theirs = await webhook.subscribe(request(feedIds[0] ?? "", "theirs"));
    await webhook.unsubscribe(mine.id);
    expect(await webhooks(jira)).toMatchObject([{ url: expect.stringContaining("theirs") }]);
    await expect(webhook.renew?.(theirs.id, 0)).resolves.toMatchObject({ id: theirs.id });
  });

  it("that Jira does not make are refused, and the schedule goes on; an API token has none", async () => {
    const { jira, feedIds, webhook } = await site(1);
    const feedId = feedIds[0] ?? "";
    await jira.fault({ name: "atlassian-jira-webhook-limit", times: 1 });
    await expect(webhook.subscribe(request(feedId))).rejects.toMatchObject({
      kind: "forbidden",
      message: expect.stringContaining("limit"),
    });
    await webhook.subscribe(request(feedId, "other"));
    await jira.fault({ name: "atlassian-jira-one-url" });
    await expect(webhook.subscribe(request(feedId))).rejects.toMatchObject({
      kind: "forbidden",
      message: expect.stringContaining("single URL"),
    });
    const byToken = webhookOf(await jira.withApiToken("scoped"));
    await expect(byToken.subscribe(request(feedId))).rejects.toMatchObject({ kind: "unsupported" });
  });
});
