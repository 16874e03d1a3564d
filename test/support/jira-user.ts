import { randomId } from "../../worker/ids.ts";
import { documentId, feedIdOf } from "../../worker/providers/jira/ids.ts";
import { type Op, placeOf, SandboxJira, type StateIssue } from "../providers/sandbox-jira.ts";
import { createUser, settled, type Synced } from "./memory-user.ts";

export interface JiraUser extends Synced {
  jira: SandboxJira;
}

/** A user whose one connection is a site of the sandbox's Jira, with all its projects followed. `ops` are done before anything is listed. */
export async function createJiraUser(...ops: Op[]): Promise<JiraUser> {
  const jira = await SandboxJira.open("sync");
  await jira.mutate({ op: "project", key: "AB", name: "Alpha" }, { op: "project", key: "CD", name: "Ceta" }, ...ops);
  const { id, label, email } = await jira.provider.account();
  const { access_token: accessToken, refresh_token: refreshToken } = jira.tokens;
  const user = await createUser(randomId(), {
    provider: "jira",
    account: { id, label, email: email ?? null },
    scopes: [],
    tokens: { accessToken, refreshToken, expiresAt: Date.now() + 3_600_000 },
    homeShard: 0,
  });
  await settled(user);
  return Object.defineProperties({ jira } as JiraUser, Object.getOwnPropertyDescriptors(user));
}

/** What the site has, in the mirror's form: files as they were attached, and issues as they read now. `wanted`: of these issues alone. */
export async function sourceOf(
  { jira }: JiraUser,
  wanted: (issue: StateIssue) => boolean = () => true,
): Promise<{ path: string; sha256: string }[]> {
  const { cloudId, issues } = await jira.state();
  const all = issues.filter(wanted).map(async (issue) => {
    const place = placeOf(issue);
    const id = documentId(cloudId, issue.id);
    const opened = await jira.provider.open({ id, feedId: feedIdOf({ siteId: cloudId, projectId: issue.projectId }) });
    const text = { path: `${place}/${issue.key} ${issue.summary}.md`, sha256: await hashOf(await new Response(opened.body).arrayBuffer()) };
    return [text, ...issue.attachments.map(({ name, sha256 }) => ({ path: `${place}/${name}`, sha256 }))];
  });
  return (await Promise.all(all)).flat().toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

async function hashOf(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
