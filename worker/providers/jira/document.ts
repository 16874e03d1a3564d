import type { BlockContent, ListItem, PhrasingContent, Root } from "mdast";
import { gfmToMarkdown } from "mdast-util-gfm";
import { toMarkdown } from "mdast-util-to-markdown";
import { blocksOf } from "./adf.ts";
import type { AdfContext } from "./adf-node.ts";
import type { Attachment, Comment, Issue, IssueFields, User } from "./api.ts";
import { customFields } from "./custom-fields.ts";
import { documentName, namesOf } from "./names.ts";
import { instantOf } from "./times.ts";

// An issue as a text: its fields, what it says, its comments. The same state of an issue is always the same bytes: nothing of it goes by
// who asks, when, or in which time zone. What changes without the issue's `updated`, such as the title of a linked one, is left out.

/** Written into the mark of every content: another form of the text is another content. To be raised with every change of the form. */
export const FORM = 1;

const BELOW_SECTION = 2;
const BELOW_COMMENT = 3;

export function documentOf(issue: Issue, comments: readonly Comment[]): string {
  const fields = issue.fields ?? {};
  const files = namesOf(fields.attachment ?? [], documentName(issue.key ?? "", fields.summary));
  const context = (headingsBelow: number): AdfContext => ({
    headingsBelow,
    fileUrl: (name) => (files.some((file) => file.name === name) ? encodeURIComponent(name) : undefined),
  });
  const custom = customFields(issue, context(BELOW_SECTION));
  const root: Root = {
    type: "root",
    children: [
      heading(1, `${issue.key ?? ""} ${fields.summary ?? ""}`.trim()),
      list([...facts(fields), ...custom.short].map(([name, value]) => [bold(`${name}:`), text(" "), ...value])),
      ...section("Description", blocksOf(fields.description, context(BELOW_SECTION))),
      ...section("Environment", blocksOf(fields.environment, context(BELOW_SECTION))),
      ...custom.long.flatMap(([name, blocks]) => section(name, blocks)),
      ...section("Links", linksOf(fields)),
      ...section("Attachments", attachmentsOf(files)),
      ...section(
        "Comments",
        comments.toSorted(byAge).flatMap((comment) => commentBlocks(comment, context(BELOW_COMMENT))),
      ),
    ],
  };
  return toMarkdown(root, { extensions: [gfmToMarkdown()], bullet: "-", rule: "-", fences: true, listItemIndent: "one" });
}

type Fact = [name: string, value: PhrasingContent[]];

function facts(fields: IssueFields): Fact[] {
  const names = (values: readonly ({ name?: string | null | undefined } | null)[] | null | undefined) =>
    (values ?? []).flatMap((value) => value?.name ?? []).join(", ");
  const told: [string, string | null | undefined][] = [
    ["Type", fields.issuetype?.name],
    ["Status", fields.status?.name],
    ["Resolution", fields.resolution?.name],
    ["Priority", fields.priority?.name],
    ["Assignee", nameOf(fields.assignee)],
    ["Reporter", nameOf(fields.reporter)],
    ["Labels", (fields.labels ?? []).join(", ")],
    ["Components", names(fields.components)],
    ["Affects", names(fields.versions)],
    ["Fix versions", names(fields.fixVersions)],
    ["Parent", fields.parent?.key],
    ["Due", fields.duedate],
    ["Created", instantOf(fields.created)],
    ["Updated", instantOf(fields.updated)],
    ["Resolved", instantOf(fields.resolutiondate)],
  ];
  return told.flatMap(([name, value]): Fact[] => (value ? [[name, [text(value)]]] : []));
}

function linksOf({ issuelinks }: IssueFields): BlockContent[] {
  const lines = (issuelinks ?? []).flatMap(({ type, inwardIssue, outwardIssue }) => {
    const key = (inwardIssue ?? outwardIssue)?.key;
    return key ? `${(inwardIssue ? type?.inward : type?.outward) ?? "links to"} ${key}` : [];
  });
  return lines.length === 0 ? [] : [list(lines.toSorted().map((line) => [text(line)]))];
}

function attachmentsOf(files: readonly { name: string; attachment: Attachment }[]): BlockContent[] {
  if (files.length === 0) return [];
  const lines = files.map(({ name, attachment: { size, created, author } }): PhrasingContent[] => {
    const told = [typeof size === "number" ? `${size} bytes` : "", nameOf(author) ?? "", instantOf(created) ?? ""].filter(
      (one) => one !== "",
    );
    return [{ type: "link", url: encodeURIComponent(name), children: [text(name)] }, text(told.length > 0 ? ` (${told.join(", ")})` : "")];
  });
  return [list(lines)];
}

function commentBlocks({ author, created, updated, visibility, body }: Comment, context: AdfContext): BlockContent[] {
  const made = instantOf(created);
  const edited = instantOf(updated);
  const notes = [
    ...(edited !== undefined && edited !== made ? [`edited ${edited}`] : []),
    ...(visibility?.value ? [`only for ${visibility.value}`] : []),
  ];
  const head = [nameOf(author) ?? "Somebody", ...(made === undefined ? [] : [made])].join(", ");
  return [heading(3, notes.length > 0 ? `${head} (${notes.join(", ")})` : head), ...blocksOf(body, context)];
}

/** Ids rise with time, and are of different lengths. */
function byAge(one: Comment, other: Comment): number {
  return Number(one.id ?? 0) - Number(other.id ?? 0);
}

function nameOf(user: User | null | undefined): string | undefined {
  return user?.displayName ?? user?.accountId ?? undefined;
}

function section(name: string, blocks: BlockContent[]): BlockContent[] {
  return blocks.length === 0 ? [] : [heading(2, name), ...blocks];
}

function heading(depth: 1 | 2 | 3, value: string): BlockContent {
  return { type: "heading", depth, children: [text(value)] };
}

function list(lines: readonly PhrasingContent[][]): BlockContent {
  const items = lines.map((children): ListItem => ({ type: "listItem", spread: false, children: [{ type: "paragraph", children }] }));
  return { type: "list", ordered: false, spread: false, children: items };
}

function bold(value: string): PhrasingContent {
  return { type: "strong", children: [text(value)] };
}

function text(value: string): PhrasingContent {
  return { type: "text", value };
}
