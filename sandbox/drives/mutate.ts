import { z } from "zod";
import { transaction } from "../database.ts";
import type { Account } from "../accounts.ts";
import { computedBytes } from "./content.ts";
import { DriveError, type DriveTools } from "./drive.ts";
import { splitPath } from "./names.ts";
import { combine } from "./random.ts";
import { ROOT_N, type Item } from "./store.ts";

const OPS_MAX = 100_000;
const LITERAL_BYTES_MAX = 1024 * 1024;
const FILE_BYTES_MAX = 250 * 1024 ** 3;
// Computed files differ in their first eight bytes; below that, or where there was a text, what was is compared.
const COMPARED_BYTES_MAX = 8;

const ONE_OF_BOTH = "an operation names its item by path or by id";

/** An item by its path or, where a path does not tell which one is meant, by its id. */
type Place = { path?: string | undefined; id?: string | undefined };
const place = { path: z.string().min(1).optional(), id: z.string().optional() };
/** With a name, the place is the folder's, and the name is taken as it is: slashes are no separators in it. */
const newPlace = { ...place, name: z.string().optional() };
type NewPlace = Place & { name?: string | undefined };
const namesOne = (op: Place): boolean => (op.path === undefined) !== (op.id === undefined);
const NAMED_BELOW_ID = "what is made in a folder that is named by its id needs a name";
const hasName = (op: NewPlace): boolean => op.id === undefined || op.name !== undefined;

/** A size in bytes, of computed content; or the text itself. */
const bytes = z.union([z.number().int().min(0).max(FILE_BYTES_MAX), z.string().max(LITERAL_BYTES_MAX)]);

export const mutationSchema = z.strictObject({
  ops: z
    .array(
      z.discriminatedUnion("op", [
        z
          .strictObject({ op: z.literal("create"), ...newPlace, bytes: bytes.default(1024) })
          .refine(namesOne, ONE_OF_BOTH)
          .refine(hasName, NAMED_BELOW_ID),
        z.strictObject({ op: z.literal("update"), ...place, bytes: bytes.optional() }).refine(namesOne, ONE_OF_BOTH),
        z
          .strictObject({ op: z.literal("mkdir"), ...newPlace })
          .refine(namesOne, ONE_OF_BOTH)
          .refine(hasName, NAMED_BELOW_ID),
        z.strictObject({ op: z.literal("rename"), ...place, name: z.string() }).refine(namesOne, ONE_OF_BOTH),
        z.strictObject({ op: z.literal("move"), ...place, to: z.string() }).refine(namesOne, ONE_OF_BOTH),
        z.strictObject({ op: z.literal("delete"), ...place }).refine(namesOne, ONE_OF_BOTH),
        z.strictObject({ op: z.literal("restore"), id: z.string() }),
      ]),
    )
    .max(OPS_MAX),
});
export type Mutation = z.infer<typeof mutationSchema>["ops"][number];

/** Applies all operations or, where one is impossible, none. Answers the id that each one was about. */
export function mutateDrive(tools: DriveTools, account: Account, ops: readonly Mutation[]): string[] {
  if (tools.accounts.state(account).folder !== null) {
    throw new DriveError(409, "This drive is a folder of your machine, which the sandbox never changes: edit its files instead.");
  }
  return transaction(tools.db, () =>
    ops.map((op, index) => {
      try {
        return account.ids.id(applyOne(tools, account, op));
      } catch (error) {
        if (error instanceof DriveError) throw new DriveError(error.status, `ops[${index}] (${op.op}): ${error.message}`);
        throw error;
      }
    }),
  );
}

function applyOne(tools: DriveTools, account: Account, op: Mutation): number {
  switch (op.op) {
    case "create":
      return createFile(tools, account, op, op.bytes);
    case "update":
      return updateFile(tools, account, existing(tools, account, op), op.bytes);
    case "mkdir":
      return op.name === undefined
        ? makeFolders(tools, account, splitPath(pathOf(op))).n
        : makeFolder(tools, account, folderOf(tools, account, op), op.name).n;
    case "rename": {
      const item = existing(tools, account, op);
      return putInto(tools, account, item, parentOf(tools, account, item), op.name);
    }
    case "move": {
      const item = existing(tools, account, op);
      return putInto(tools, account, item, makeFolders(tools, account, splitPath(op.to)), item.name);
    }
    case "delete":
      return deleteItem(tools, account, existing(tools, account, op));
    case "restore":
      return restoreItem(tools, account, op.id);
  }
}

function createFile(tools: DriveTools, account: Account, at: NewPlace, content: number | string): number {
  const segments = at.name === undefined ? splitPath(pathOf(at)) : [];
  const name = at.name ?? segments.pop() ?? "";
  const parent = at.name === undefined ? makeFolders(tools, account, segments) : folderOf(tools, account, at);
  checkName(tools, account, parent, name);
  const now = tools.now();
  const n = tools.accounts.takeNumbers(account, 1);
  const literal = typeof content === "string" ? Buffer.from(content) : undefined;
  const size = literal?.length ?? Number(content);
  const seed = literal === undefined ? combine(n, 1) : null;
  const source = literal === undefined ? ("computed" as const) : ("literal" as const);
  tools.drives.insert(
    account.no,
    { n, parent: parent.n, name, folder: false, size, created: now, modified: now, source, seed },
    now,
    nextSeq(tools, account),
  );
  if (literal !== undefined) tools.drives.setLiteral(account.no, n, literal);
  tools.drives.grow(account.no, parent.n, size, 1);
  return n;
}

function updateFile(tools: DriveTools, account: Account, item: Item, content: number | string | undefined): number {
  if (item.folder) throw new DriveError(409, `"${item.name}" is a folder.`);
  const before = beginning(tools, account, item);
  const now = tools.now();
  let size: number;
  if (typeof content === "string") {
    let literal = Buffer.from(content);
    if (before !== undefined && literal.equals(before)) literal = Buffer.from(`${content}\n`);
    size = literal.length;
    tools.drives.setLiteral(account.no, item.n, literal);
    tools.drives.setContent(account.no, item.n, { source: "literal", seed: null, size, modified: now }, now, nextSeq(tools, account));
  } else {
    size = content ?? item.size;
    // Two empty files are the same: a change needs a byte.
    if (size === 0 && item.size === 0) size = 1;
    let seed = combine(item.n, item.contentRevision + 1);
    while (before !== undefined && size === item.size && Buffer.concat([...computedBytes(seed, 0, size)]).equals(before))
      seed = combine(seed, 1);
    tools.drives.setContent(account.no, item.n, { source: "computed", seed, size, modified: now }, now, nextSeq(tools, account));
  }
  tools.drives.grow(account.no, item.parent, size - item.size, 0);
  return item.n;
}

// What the file holds now, where a new content could equal it.
function beginning(tools: DriveTools, account: Account, item: Item): Buffer | undefined {
  if (item.source === "literal") return Buffer.from(tools.drives.literal(account.no, item.n));
  if (item.size > COMPARED_BYTES_MAX) return undefined;
  return Buffer.concat([...computedBytes(item.seed ?? 0, 0, item.size)]);
}

/** The folder of a path, with all that is missing on the way made. */
export function makeFolders(tools: DriveTools, account: Account, segments: readonly string[]): Item {
  const root = tools.drives.live(account.no, ROOT_N);
  if (root === undefined) throw new DriveError(409, "The drive has no root.");
  let folder: Item = root;
  for (const name of segments) {
    const next: Item = tools.drives.child(account.no, folder.n, name) ?? makeFolder(tools, account, folder, name);
    if (!next.folder) throw new DriveError(409, `"${name}" is a file, not a folder.`);
    folder = next;
  }
  return folder;
}

function makeFolder(tools: DriveTools, account: Account, parent: Item, name: string): Item {
  checkName(tools, account, parent, name);
  const now = tools.now();
  const n = tools.accounts.takeNumbers(account, 1);
  const made = { n, parent: parent.n, name, folder: true, size: 0, created: now, modified: now, source: null, seed: null };
  tools.drives.insert(account.no, made, now, nextSeq(tools, account));
  tools.drives.grow(account.no, parent.n, 0, 1);
  const folder = tools.drives.live(account.no, n);
  if (folder === undefined) throw new Error("A folder that was just made is not there.");
  return folder;
}

/** Gives an item another name, another folder, or both; one item changes, whatever is below it. */
function putInto(tools: DriveTools, account: Account, item: Item, parent: Item, name: string): number {
  if (item.n === ROOT_N) throw new DriveError(409, "The root stays where it is.");
  if (tools.drives.ancestors(account.no, parent).some((above) => above.n === item.n) || parent.n === item.n) {
    throw new DriveError(409, "A folder cannot be moved into itself.");
  }
  checkName(tools, account, parent, name, item.n);
  tools.drives.setPlace(account.no, item.n, { parent: parent.n, name }, tools.now(), nextSeq(tools, account));
  if (item.parent !== parent.n) {
    tools.drives.grow(account.no, item.parent, -item.size, -1);
    tools.drives.grow(account.no, parent.n, item.size, 1);
    return item.n;
  }
  // A new name, too, is a change within all folders above.
  tools.drives.grow(account.no, parent.n, 0, 0);
  return item.n;
}

/** Deletes an item and all below it, each with its own entry in the change log where the drive notes them so. */
export function deleteItem(tools: DriveTools, account: Account, item: Item): number {
  if (item.n === ROOT_N) throw new DriveError(409, "The root cannot be deleted.");
  const below = item.folder ? tools.drives.descendants(account.no, item.n) : [];
  tools.drives.grow(account.no, item.parent, -item.size, -1);
  setAllDeleted(tools, account, item.n, [item.n, ...below], item.n);
  return item.n;
}

function setAllDeleted(tools: DriveTools, account: Account, top: number, all: readonly number[], deletedBy: number | null): void {
  const alone = tools.accounts.rules(account).notesFoldersAlone === true;
  const now = tools.now();
  let seq = tools.accounts.takeSeqs(account, alone ? 1 : all.length);
  for (const n of all) {
    const before = alone && n !== top ? tools.drives.item(account.no, n)?.seq : undefined;
    tools.drives.setDeleted(account.no, n, deletedBy, now, before ?? seq++);
  }
}

function restoreItem(tools: DriveTools, account: Account, id: string): number {
  const n = account.ids.parse(id);
  const item = n === undefined ? undefined : tools.drives.item(account.no, n);
  if (item === undefined) throw new DriveError(404, `There never was an item "${id}" in this drive.`);
  if (item.deletedBy === null) throw new DriveError(409, `"${id}" is not deleted.`);
  if (item.deletedBy !== item.n)
    throw new DriveError(409, `"${id}" was deleted with its folder "${account.ids.id(item.deletedBy)}": restore that.`);
  const parent = item.parent === null ? undefined : tools.drives.live(account.no, item.parent);
  if (parent === undefined) throw new DriveError(409, `The folder of "${id}" is deleted.`);
  checkName(tools, account, parent, item.name, item.n);
  const together = tools.drives.deletedWith(account.no, item.n).map(({ n }) => n);
  setAllDeleted(tools, account, item.n, together, null);
  tools.drives.grow(account.no, parent.n, item.size, 1);
  return item.n;
}

function existing(tools: DriveTools, account: Account, at: Place): Item {
  if (at.id === undefined) {
    const item = tools.drives.byPath(account.no, splitPath(pathOf(at)));
    if (item === undefined) throw new DriveError(404, `There is nothing at "${pathOf(at)}".`);
    return item;
  }
  const n = account.ids.parse(at.id);
  const item = n === undefined ? undefined : tools.drives.live(account.no, n);
  if (item === undefined) throw new DriveError(404, `There is no item "${at.id}".`);
  return item;
}

function folderOf(tools: DriveTools, account: Account, at: Place): Item {
  if (at.id === undefined) return makeFolders(tools, account, splitPath(pathOf(at)));
  const folder = existing(tools, account, at);
  if (!folder.folder) throw new DriveError(409, `"${folder.name}" is a file, not a folder.`);
  return folder;
}

const pathOf = (at: Place): string => at.path ?? "";

function parentOf(tools: DriveTools, account: Account, item: Item): Item {
  const parent = item.parent === null ? undefined : tools.drives.live(account.no, item.parent);
  if (parent === undefined) throw new DriveError(409, "The root stays where it is.");
  return parent;
}

function checkName(tools: DriveTools, account: Account, parent: Item, name: string, self?: number): void {
  const { product, nameProblem, pathLengthMax, namesakes } = tools.accounts.rules(account);
  const problem = nameProblem(name);
  if (problem !== undefined) throw new DriveError(400, `${product} refuses "${name}": it has ${problem}.`);
  const length = [...tools.drives.segments(account.no, parent), name].join("/").length;
  if (length > pathLengthMax) throw new DriveError(400, `The path would have ${length} characters; ${pathLengthMax} are allowed.`);
  if (namesakes) return;
  const other = tools.drives.child(account.no, parent.n, name);
  if (other !== undefined && other.n !== self) throw new DriveError(409, `There already is a "${other.name}" in that folder.`);
}

export function nextSeq(tools: DriveTools, account: Account): number {
  return tools.accounts.takeSeqs(account, 1);
}
