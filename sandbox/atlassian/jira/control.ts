import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { z } from "zod";
import { transaction } from "../../database.ts";
import { controlApp } from "../../control/control-app.ts";
import { DriveError } from "../../drives/drive.ts";
import { computedBytes } from "../../drives/content.ts";
import { mimeTypeOf } from "../../drives/mime.ts";
import type { Account } from "../accounts.ts";
import { type Site, siteOf } from "../sites.ts";
import { choiceOf, STATUSES, TYPES } from "./fields.ts";
import type { Fields, Issue, Project } from "./store.ts";
import type { Event, Webhooks } from "./webhooks.ts";
import type { JiraTools } from "./wire.ts";

// What people do at a site: projects, issues, comments, files.

const issue = z.coerce.string();
/** A text; or so many bytes of noise. */
const bytes = z.union([z.string(), z.number().int().min(0).max(1e9), z.custom<Uint8Array>((value) => value instanceof Uint8Array)]);
const fields = z.record(z.string(), z.unknown());
const op = z.discriminatedUnion("op", [
  z.strictObject({ op: z.literal("project"), key: z.string(), name: z.string() }),
  z.strictObject({ op: z.literal("rename-project"), project: z.string(), key: z.string().optional(), name: z.string().optional() }),
  z.strictObject({ op: z.literal("delete-project"), project: z.string() }),
  z.strictObject({ op: z.literal("bar"), project: z.string(), account: z.string(), barred: z.boolean() }),
  z.strictObject({ op: z.literal("create"), project: z.string(), summary: z.string(), fields: fields.optional() }),
  z.strictObject({ op: z.literal("edit"), issue, fields }),
  z.strictObject({ op: z.literal("status"), issue, status: z.string() }),
  z.strictObject({ op: z.literal("move"), issue, project: z.string() }),
  z.strictObject({ op: z.literal("delete"), issue }),
  z.strictObject({ op: z.literal("comment"), issue, body: z.unknown(), role: z.string().optional() }),
  z.strictObject({ op: z.literal("edit-comment"), comment: z.coerce.number(), body: z.unknown() }),
  z.strictObject({ op: z.literal("delete-comment"), comment: z.coerce.number() }),
  z.strictObject({ op: z.literal("attach"), issue, name: z.string(), bytes, type: z.string().optional() }),
  z.strictObject({ op: z.literal("detach"), attachment: z.coerce.number() }),
]);
export type Op = z.infer<typeof op>;
const opsSchema = z.strictObject({ ops: z.array(op).max(10_000) });
const zoneSchema = z.strictObject({ account: z.string(), zone: z.string() });

export function controlRoutes(tools: JiraTools & { webhooks: Webhooks; setZone: (account: Account, zone: string) => void }): Hono {
  const named = (name: string): Account => {
    const account = tools.accounts.named(name);
    if (account === undefined) throw new DriveError(404, `There is no account "${name}" at Atlassian.`);
    return account;
  };
  const app = controlApp();
  app.post("/zone", async (c) => {
    const { account, zone } = zoneSchema.parse(await c.req.json());
    tools.setZone(named(account), zone);
    return c.json({});
  });
  app.post("/:owner/mutate", async (c) => {
    const owner = named(c.req.param("owner"));
    const { ops } = opsSchema.parse(await c.req.json());
    return c.json({ ids: transaction(tools.db, () => ops.map((one) => perform(tools, siteOf(owner), one, named))) });
  });
  app.get("/:owner/issues", (c) => c.json(stateOf(tools, siteOf(named(c.req.param("owner"))))));
  return app;
}

/** Does it, and tells the webhooks. Answers the id of what it is about. */
export function perform(tools: JiraTools & { webhooks: Webhooks }, site: Site, one: Op, named: (name: string) => Account): string {
  const { store, webhooks, media } = tools;
  const { owner } = site;
  const told = (id: number | string, event: Event, field?: string): void => {
    const changed = store.issue(site, String(id));
    if (changed !== undefined) webhooks.tell(changed, event, field);
  };
  switch (one.op) {
    case "project":
      return String(store.addProject(site, one.key, one.name));
    case "rename-project": {
      const project = projectOf(tools, site, one.project);
      store.renameProject(project, one.key ?? project.key, one.name ?? project.name);
      return String(project.id);
    }
    case "delete-project": {
      const project = projectOf(tools, site, one.project);
      store.removeProject(project);
      return String(project.id);
    }
    case "bar": {
      const project = projectOf(tools, site, one.project);
      store.bar(project, named(one.account), one.barred);
      return String(project.id);
    }
    case "create": {
      const given: Fields = {
        issuetype: choiceOf(TYPES, "Task"),
        status: choiceOf(STATUSES, "To Do"),
        ...one.fields,
        summary: one.summary,
      };
      const id = store.add(projectOf(tools, site, one.project).id, owner, given);
      told(id, "jira:issue_created");
      return String(id);
    }
    case "edit":
    case "status": {
      const before = issueOf(tools, site, one.issue);
      const change = one.op === "edit" ? one.fields : { status: choiceOf(STATUSES, one.status) };
      store.edit(before, change);
      told(before.id, "jira:issue_updated", Object.keys(change)[0]);
      return String(before.id);
    }
    case "move": {
      const before = issueOf(tools, site, one.issue);
      store.move(before, projectOf(tools, site, one.project));
      told(before.id, "jira:issue_updated", "project");
      return String(before.id);
    }
    case "delete": {
      const before = issueOf(tools, site, one.issue);
      store.remove(before);
      webhooks.tell(before, "jira:issue_deleted");
      return String(before.id);
    }
    case "comment": {
      const on = issueOf(tools, site, one.issue);
      const id = store.comment(on.id, owner, one.body, one.role ?? null);
      told(on.id, "comment_created");
      return String(id);
    }
    case "edit-comment":
    case "delete-comment": {
      const on = store.editComment(one.comment, one.op === "edit-comment" ? one.body : undefined);
      if (on === undefined) throw new DriveError(404, `There is no comment ${one.comment}.`);
      told(on, one.op === "edit-comment" ? "comment_updated" : "comment_deleted");
      return String(one.comment);
    }
    case "attach": {
      const on = issueOf(tools, site, one.issue);
      const content = contentOf(one.bytes, on.id);
      const id = store.attach(on.id, owner, {
        name: one.name,
        type: one.type ?? mimeTypeOf(one.name),
        media: media.put(content),
        sha256: hashOf(content),
      });
      told(on.id, "jira:issue_updated", "attachment");
      return String(id);
    }
    case "detach": {
      const attachment = store.attachment(one.attachment);
      if (attachment === undefined) throw new DriveError(404, `There is no attachment ${one.attachment}.`);
      store.detach(attachment);
      told(attachment.issue, "jira:issue_updated", "attachment");
      return String(one.attachment);
    }
  }
}

function contentOf(bytes: string | number | Uint8Array, seed: number) {
  if (typeof bytes === "number") return { kind: "computed", seed: seed + bytes, size: bytes } as const;
  const literal = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  return { kind: "literal", bytes: literal, size: literal.byteLength } as const;
}

function issueOf({ store }: JiraTools, site: Site, given: string): Issue {
  const found = store.issue(site, given);
  if (found === undefined) throw new DriveError(404, `There is no issue ${given} at ${site.key}.`);
  return found;
}

function projectOf({ store }: JiraTools, site: Site, given: string): Project {
  const found = store.project(site, given);
  if (found === undefined) throw new DriveError(404, `There is no project ${given} at ${site.key}.`);
  return found;
}

/** Everything at a site, as it is. */
function stateOf({ store, media }: JiraTools, site: Site) {
  const issues = store.issues(site.key).map(({ id, key, number, project, updated, fields: { summary } }) => ({
    id: String(id),
    key,
    number,
    projectId: String(project.id),
    projectKey: project.key,
    updated,
    summary,
    comments: store.comments(id).map((comment) => String(comment.id)),
    attachments: store
      .attachments(id)
      .map((one) => ({ id: String(one.id), name: one.name, size: media.size(one.media), sha256: one.sha256 })),
  }));
  return { cloudId: site.cloudId, projects: store.projects(site).map((one) => ({ ...one, id: String(one.id) })), issues };
}

function hashOf(content: { kind: "computed"; seed: number; size: number } | { kind: "literal"; bytes: Uint8Array }): string {
  const hash = createHash("sha256");
  if (content.kind === "literal") hash.update(content.bytes);
  else for (const chunk of computedBytes(content.seed, 0, content.size)) hash.update(chunk);
  return hash.digest("hex");
}
