import { createHash } from "node:crypto";
import { Hono } from "hono";
import { z } from "zod";
import { readContent, type Content as Bytes } from "../../drives/content.ts";
import { DriveError } from "../../drives/drive.ts";
import { mimeTypeOf } from "../../drives/mime.ts";
import { siteOf, type Site } from "../sites.ts";
import type { ConfluenceTools } from "./context.ts";
import { attachmentId } from "./shapes.ts";
import type { Content } from "./store.ts";

const BYTES_MAX = 1024 ** 3;
const id = z.string().regex(/^(att)?\d+$/);
const title = z.string().min(1).max(255);
const bytes = z.union([z.string(), z.int().min(0).max(BYTES_MAX)]);

const mutation = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("space"),
    key: z.string().regex(/^~?[A-Za-z0-9]+$/),
    name: title,
    type: z.enum(["global", "personal"]).default("global"),
    status: z.enum(["current", "archived"]).default("current"),
  }),
  z.strictObject({ op: z.literal("remove-space"), id }),
  z.strictObject({
    op: z.literal("add"),
    kind: z.enum(["page", "blogpost", "folder", "whiteboard", "database", "embed"]).default("page"),
    space: id,
    parent: id.optional(),
    title,
    body: z.string().default(""),
    status: z.enum(["current", "draft"]).default("current"),
  }),
  z.strictObject({ op: z.literal("edit"), id, title: title.optional(), body: z.string().optional() }),
  /** Bytes as they are, or so many computed ones. A new version where the page has an attachment of this name. */
  z.strictObject({ op: z.literal("attach"), page: id, title, bytes }),
  z.strictObject({ op: z.literal("move"), id, parent: id.nullable(), space: id.optional() }),
  z.strictObject({ op: z.literal("archive"), id }),
  /** Into the trash; `below`: with all that is below it, which else moves up. */
  z.strictObject({ op: z.literal("trash"), id, below: z.boolean().default(true) }),
  z.strictObject({ op: z.literal("restore"), id }),
  /** Out of the trash, for good. */
  z.strictObject({ op: z.literal("purge"), id }),
  z.strictObject({ op: z.literal("hide"), id, from: z.string(), hidden: z.boolean().default(true) }),
]);
const mutationSchema = z.strictObject({ ops: z.array(mutation).max(10_000) });
export type Mutation = z.input<typeof mutation>;

/** What people do in Confluence, at the site of an account; and all that is there, for tests to compare with. */
export function controlRoutes(tools: ConfluenceTools): Hono {
  const app = new Hono();
  const siteOfAccount = (name: string): Site => {
    const account = tools.accounts.named(name);
    if (account === undefined) throw new DriveError(404, `There is no account "${name}" at Atlassian.`);
    return siteOf(account);
  };
  app.post("/:account/mutate", async (c) => {
    const site = siteOfAccount(c.req.param("account"));
    const { ops } = mutationSchema.parse(await c.req.json());
    return c.json({ ids: ops.map((op) => mutate(tools, site, op)) });
  });
  app.get("/:account/tree", async (c) => {
    const site = siteOfAccount(c.req.param("account"));
    const spaces = tools.store.spaces(site).map((space) => ({ ...space, id: String(space.id) }));
    const contents = await Promise.all(tools.store.contents(site).map((content) => shown(tools, site, content)));
    return c.json({ spaces, contents });
  });
  return app;
}

/** Answers the id of what was changed. */
export function mutate(tools: ConfluenceTools, site: Site, given: Mutation): string {
  const op = mutation.parse(given);
  const { store } = tools;
  switch (op.op) {
    case "space":
      return String(store.addSpace(site, op).id);
    case "remove-space":
      store.removeSpace(site, Number(op.id));
      return op.id;
    case "add": {
      const { kind, title, body, status } = op;
      expectFree(tools, site, Number(op.space), title, kind);
      const parent = op.parent === undefined ? null : found(tools, site, op.parent).id;
      return String(store.add(site, { kind, space: Number(op.space), parent, title, body, status }).id);
    }
    case "edit": {
      const content = found(tools, site, op.id);
      if (op.title !== undefined && op.title !== content.title) expectFree(tools, site, content.space, op.title, content.kind);
      store.edit(site, content, { ...(op.title !== undefined && { title: op.title }), ...(op.body !== undefined && { body: op.body }) });
      return op.id;
    }
    case "attach":
      return attach(tools, site, op);
    case "move": {
      const space = op.space === undefined ? undefined : Number(op.space);
      const parent = op.parent === null ? null : found(tools, site, op.parent).id;
      const content = found(tools, site, op.id);
      store.place(site, content.id, { parent, ...(space !== undefined && { space }) });
      if (space !== undefined) for (const one of below(tools, site, content.id)) store.place(site, one.id, { space });
      // An attachment that is moved is written anew, a page is not.
      if (content.kind === "attachment") store.edit(site, content, {});
      return op.id;
    }
    case "archive":
      store.place(site, found(tools, site, op.id).id, { status: "archived" });
      return op.id;
    case "trash":
      trash(tools, site, found(tools, site, op.id), op.below);
      return op.id;
    case "restore":
      return restore(tools, site, found(tools, site, op.id));
    case "purge":
      for (const one of [...below(tools, site, numberOf(op.id)), { id: numberOf(op.id) }]) store.purge(site, one.id);
      return op.id;
    case "hide": {
      const account = tools.accounts.named(op.from);
      if (account === undefined) throw new DriveError(404, `There is no account "${op.from}" at Atlassian.`);
      const { id: content, hidden } = found(tools, site, op.id);
      const others = hidden.replace(`,${account.no},`, ",");
      store.place(site, content, { hidden: op.hidden ? `${others}${account.no},` : others });
      return op.id;
    }
  }
}

function attach(tools: ConfluenceTools, site: Site, op: { page: string; title: string; bytes: string | number }): string {
  const page = found(tools, site, op.page);
  const content: Exclude<Bytes, { kind: "disk" }> =
    typeof op.bytes === "number"
      ? { kind: "computed", seed: page.id * 31 + op.title.length + tools.accounts.takeNumbers(site.owner, 1), size: op.bytes }
      : { kind: "literal", bytes: Buffer.from(op.bytes), size: Buffer.byteLength(op.bytes) };
  const media = tools.media.put(content);
  const mediaType = mimeTypeOf(op.title);
  const before = tools.store
    .children(site, page.id)
    .find((one) => one.kind === "attachment" && one.title === op.title && one.status === "current");
  if (before !== undefined) tools.store.edit(site, before, { media, mediaType });
  const { id: number } = before ?? tools.store.add(site, { kind: "attachment", space: page.space, parent: page.id, title: op.title, media, mediaType }); // prettier-ignore
  return attachmentId(number);
}

/** What is below goes with it, or moves up to where it was. Attachments stay where they are: nobody sees them without their page. */
function trash({ store, ...rest }: ConfluenceTools, site: Site, content: Content, withBelow: boolean): void {
  const tools = { store, ...rest };
  store.place(site, content.id, { status: "trashed" });
  const children = store.children(site, content.id).filter(({ kind }) => kind !== "attachment");
  for (const child of children) {
    if (withBelow) trash(tools, site, child, true);
    else store.place(site, child.id, { parent: content.parent });
  }
}

/** With all that is below it. A page whose place is gone comes back to the top. */
function restore(tools: ConfluenceTools, site: Site, content: Content): string {
  const parent = content.parent === null ? undefined : tools.store.content(site, content.parent);
  const lost = content.kind !== "attachment" && parent?.status !== "current";
  tools.store.place(site, content.id, { status: "current", ...(lost && { parent: null }) });
  for (const one of below(tools, site, content.id)) if (one.kind !== "attachment") tools.store.place(site, one.id, { status: "current" });
  return content.kind === "attachment" ? attachmentId(content.id) : String(content.id);
}

function below(tools: ConfluenceTools, site: Site, parent: number): Content[] {
  return tools.store.children(site, parent).flatMap((child) => [child, ...below(tools, site, child.id)]);
}

/** No two live pages of a space have the same title. */
function expectFree(tools: ConfluenceTools, site: Site, space: number, wanted: string, kind: string): void {
  if (kind !== "page") return;
  const taken = tools.store
    .contents(site)
    .some((one) => one.kind === "page" && one.space === space && one.title === wanted && one.status === "current");
  if (taken) throw new DriveError(409, `A page with the title "${wanted}" already exists in this space.`);
}

const numberOf = (text: string): number => Number(text.replace(/^att/, ""));

function found(tools: ConfluenceTools, site: Site, text: string): Content {
  const content = tools.store.content(site, numberOf(text));
  if (content === undefined) throw new DriveError(404, `There is nothing with the id ${text}.`);
  return content;
}

async function shown(tools: ConfluenceTools, site: Site, content: Content): Promise<object> {
  const { id: number, kind, parent, space, media, hidden: _hidden, ...rest } = content;
  const version = tools.store.version(site, number, content.version);
  const hash = createHash("sha256");
  if (media !== null) for await (const chunk of readContent(tools.media.content(media))) hash.update(chunk);
  return {
    ...rest,
    id: kind === "attachment" ? attachmentId(number) : String(number),
    kind,
    parent: parent === null ? null : String(parent),
    space: String(space),
    ...(media === null ? { body: version?.body ?? "" } : { size: tools.media.size(media), sha256: hash.digest("hex") }),
  };
}
