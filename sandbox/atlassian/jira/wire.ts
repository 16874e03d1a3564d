import type { Account } from "../accounts.ts";
import type { Call, ProductTools } from "../product.ts";
import { asDocument } from "./adf.ts";
import { FIELD_NAMES } from "./fields.ts";
import type { Attachment, Comment, Fields, Issue, Project, Store } from "./store.ts";
import { written } from "./zones.ts";

// What things look like in answers.

export type JiraTools = ProductTools & { store: Store; zoneOf: (account: Account) => string };
/** One call, and the zone of who asks. */
export type JiraCall = Call & { zone: string };

const API = "/rest/api/3";

/** Fields that are only there where they are named, or all are asked for. */
const HEAVY = new Set(["comment", "attachment", "issuelinks"]);
const USERS = new Set(["assignee", "reporter"]);
const DOCUMENTS = new Set(["description", "environment"]);
/** As many comments of an issue a search answers at most. */
const SEARCHED_COMMENTS_MAX = 20;

export function issueJson(tools: JiraTools, call: JiraCall, issue: Issue, asked: readonly string[], searched = false) {
  const fields = fieldsOf(tools, call, issue, asked, searched);
  const { id, key } = issue;
  return {
    expand: "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
    id: String(id),
    self: `${call.root}${API}/issue/${id}`,
    key,
    fields,
  };
}

/** `*all`, `*navigable`, names, and names to leave out. */
function fieldsOf(tools: JiraTools, call: JiraCall, issue: Issue, asked: readonly string[], searched: boolean): Fields {
  const all = asked.includes("*all");
  const navigable = asked.includes("*navigable");
  const wants = (name: string): boolean => !asked.includes(`-${name}`) && (all || asked.includes(name) || (navigable && !HEAVY.has(name)));
  const fields: Fields = {};
  for (const name of Object.keys(FIELD_NAMES)) if (wants(name)) fields[name] = fieldOf(tools, call, issue, name, searched);
  return fields;
}

function fieldOf(tools: JiraTools, call: JiraCall, issue: Issue, name: string, searched: boolean): unknown {
  const value = issue.fields[name] ?? null;
  if (name === "created" || name === "updated") return written(issue[name], call.zone);
  if (name === "project") return projectJson(call, issue.project);
  if (name === "labels") return value ?? [];
  if (name === "reporter") return userJson(call, tools.accounts.numbered(issue.reporter));
  if (USERS.has(name))
    return userJson(
      call,
      tools.accounts.all().find(({ accountId }) => accountId === value),
    );
  if (DOCUMENTS.has(name)) return asDocument(value);
  if (name === "attachment") return tools.store.attachments(issue.id).map((one) => attachmentJson(tools, call, one));
  if (name === "comment") {
    const all = commentsOf(tools, call, issue);
    const comments = searched ? all.slice(0, SEARCHED_COMMENTS_MAX) : all;
    return { comments, self: `${call.root}${API}/issue/${issue.id}/comment`, maxResults: comments.length, total: all.length, startAt: 0 };
  }
  if (name === "issuelinks") return value ?? [];
  return value;
}

export function commentsOf(tools: JiraTools, call: JiraCall, issue: Issue) {
  return tools.store.comments(issue.id).map((comment) => commentJson(tools, call, issue, comment));
}

function commentJson(tools: JiraTools, call: JiraCall, issue: Issue, { id, author, created, updated, body, role }: Comment) {
  const by = userJson(call, tools.accounts.numbered(author));
  return {
    self: `${call.root}${API}/issue/${issue.id}/comment/${id}`,
    id: String(id),
    author: by,
    body: asDocument(body),
    updateAuthor: by,
    created: written(created, call.zone),
    updated: written(updated, call.zone),
    ...(role !== null && { visibility: { type: "role", value: role, identifier: role } }),
    jsdPublic: true,
  };
}

export function attachmentJson(tools: JiraTools, call: JiraCall, { id, author, created, name, type, media }: Attachment) {
  return {
    self: `${call.root}${API}/attachment/${id}`,
    id: String(id),
    filename: name,
    author: userJson(call, tools.accounts.numbered(author)),
    created: written(created, call.zone),
    size: tools.media.size(media),
    mimeType: type,
    content: `${call.root}${API}/attachment/content/${id}`,
  };
}

export function projectJson(call: JiraCall, { id, key, name }: Project) {
  return { self: `${call.root}${API}/project/${id}`, id: String(id), key, name, projectTypeKey: "software", simplified: false };
}

/** Addresses of people are seldom shown. */
export function userJson(call: JiraCall, account: Account | undefined) {
  if (account === undefined) return null;
  const { accountId, displayName } = account;
  return {
    self: `${call.root}${API}/user?accountId=${encodeURIComponent(accountId)}`,
    accountId,
    accountType: "atlassian",
    displayName,
    active: true,
    timeZone: call.zone,
  };
}
