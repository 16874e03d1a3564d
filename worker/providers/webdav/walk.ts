import { asProviderError, type ProviderError } from "../errors.ts";
import { TOO_LONG } from "../http.ts";
import type { Change, KnownItems } from "../provider.ts";
import { type Frame, AGAIN_MAX, lengthOf, type Position, STACK_CHARACTERS_MAX } from "./cursor.ts";
import { etagOf, idOf, toEntry } from "./entry.ts";
import { type Child, type Listing, readFolder } from "./folder.ts";
import { NAMES } from "./api.ts";
import { type DavServer, LISTING_BYTES_MAX } from "./server.ts";
import { addressOf, etagsRise, pathId, type Share } from "./share.ts";

/** Entries a page: it is one step, and all of them are one value of one statement. */
const PAGE_ENTRIES = 500;
/** Folders read, a page. */
const PAGE_FOLDERS = 40;
const PARALLEL_READS = 4;
/** Of a folder that is read along with others, so that not all of them are large at once. */
const PARALLEL_LISTING_BYTES_MAX = 2 * 1024 * 1024;
/** How often a folder is asked for whose answers fail, with others in between. */
const ATTEMPTS_MAX = 3;
/** Links of a file system may lead round in circles. */
const DEPTH_MAX = 100;

type Outcome = { frame: Frame } & ({ kind: "listed"; listing: Listing } | { kind: "failed"; error: ProviderError } | { kind: "large" });

/** One page of a round: folders are read from the top of the stack, and what is in them goes onto it. */
export class Walk {
  readonly changes: Change[] = [];
  readonly #server: DavServer;
  readonly #share: Share;
  readonly #position: Position;
  readonly #known: KnownItems | undefined;
  #told = 0;
  #isTopThere: Promise<unknown> | null = null;

  /** `position` is moved on. */
  constructor(server: DavServer, share: Share, position: Position, known: KnownItems | undefined) {
    this.#server = server;
    this.#share = share;
    this.#position = position;
    this.#known = known;
  }

  /** Throws what stops the round where nothing was read before it; else the page ends there. */
  async readPage(): Promise<void> {
    const { stack } = this.#position;
    for (let folders = 0; stack.length > 0 && folders < PAGE_FOLDERS && this.changes.length < PAGE_ENTRIES;) {
      const batch = this.#takeBatch(folders);
      folders += batch.length;
      const outcomes = await Promise.all(batch.map((frame) => this.#read(frame, batch.length > 1)));
      for (const [index, outcome] of outcomes.entries()) {
        const goesOn = await this.#take(outcome).catch((error: unknown) => {
          if (this.#told === 0) throw error;
          stack.push(outcome.frame);
          return false;
        });
        if (goesOn) continue;
        stack.push(...batch.slice(index + 1).toReversed());
        return;
      }
    }
  }

  /** The first one is read alone: a password that is refused is sent once. So is a large one, which has an `after`. */
  #takeBatch(folders: number): Frame[] {
    const { stack } = this.#position;
    const alone = folders === 0 || stack.at(-1)?.after !== undefined;
    return stack.splice(alone ? -1 : -PARALLEL_READS).toReversed();
  }

  async #read(frame: Frame, withOthers: boolean): Promise<Outcome> {
    try {
      const bytesMax = withOthers ? PARALLEL_LISTING_BYTES_MAX : LISTING_BYTES_MAX;
      return { frame, kind: "listed", listing: await readFolder(this.#server, this.#share, frame.path, bytesMax) };
    } catch (thrown) {
      const error = asProviderError(thrown);
      return withOthers && error.providerCode === TOO_LONG ? { frame, kind: "large" } : { frame, kind: "failed", error };
    }
  }

  /** False: the page is full, and ends. */
  async #take(outcome: Outcome): Promise<boolean> {
    const { stack } = this.#position;
    if (outcome.kind === "failed") return this.#takeFailure(outcome.frame, outcome.error);
    const { frame } = outcome;
    if (outcome.kind === "large") {
      stack.push({ ...frame, after: frame.after ?? "" });
      return true;
    }
    const { listing } = outcome;
    if (this.changes.length > 0 && listing.children.length > PAGE_ENTRIES - this.changes.length) {
      stack.push(frame);
      return false;
    }
    await this.#tell(frame, listing);
    this.#told += 1;
    return true;
  }

  async #takeFailure(frame: Frame, error: ProviderError): Promise<boolean> {
    const { stack } = this.#position;
    if (frame.path.length === 0 || error.kind === "auth" || error.kind === "throttled") throw error;
    if (error.kind === "not_found") {
      this.#lose();
      return true;
    }
    if (error.kind === "forbidden" || error.providerCode === TOO_LONG) return this.#leave(frame, error.message);
    // Is it the folder, or the whole server?
    await (this.#isTopThere ??= this.#server.propfind(addressOf(this.#share, [], true), 0, "<d:resourcetype/>"));
    const failures = (frame.failures ?? 0) + 1;
    if (failures >= ATTEMPTS_MAX) return this.#leave(frame, error.message);
    stack.unshift({ ...frame, failures });
    this.#told += 1;
    // What comes next is asked for in another step: some time passes.
    return false;
  }

  /**
   * A folder is gone, or has been moved while its parent's list was on the stack. What was told of the folders above it says that
   * there is nothing more to be found below them: only a round that does not go by that finds what was moved.
   */
  #lose(): void {
    if (etagsRise(this.#share)) this.#position.everythingNext = true;
    this.#told += 1;
  }

  /** Nothing is told of what is in the folder; the run's log names it, and the next round reads it again. */
  #leave({ path, parentId }: Frame, reason: string): true {
    const message = `the folder “${pathId(path, false)}” was not read, and nothing in it is taken for gone: ${reason.replace(/\.$/, "")}`;
    this.changes.push({ type: "malformed", reason: message });
    this.#readAgain({ path, parentId });
    this.#told += 1;
    return true;
  }

  #readAgain(frame: Frame): void {
    const position = this.#position;
    if (!etagsRise(this.#share)) return;
    if (position.again.length < AGAIN_MAX) position.again.push(frame);
    else position.everythingNext = true;
  }

  async #tell(frame: Frame, listing: Listing): Promise<void> {
    const { path, parentId } = frame;
    const { self, children } = listing;
    const share = this.#share;
    const now = this.#server.context.now();
    const own = toEntry(share, self, { path, parentId }, now);
    if (!own) return void this.#leave(frame, "it has no id");
    if (path.length === 0) this.#position.fingerprint = self.properties.get(NAMES.fingerprint);
    const { after = "" } = frame;
    const rest = after === "" ? children : children.filter(({ name }) => name > after);
    const slice = this.#sliceOf(rest, path);
    for (const { name, resource } of slice) {
      const entry = toEntry(share, resource, { path: [...path, name], parentId: own.id }, now);
      if (entry) this.changes.push({ type: "upsert", entry });
    }
    const tag = etagOf(self);
    const last = slice.at(-1);
    const more = last !== undefined && slice.length < rest.length;
    if (more) this.#position.stack.push({ path, parentId, after: last.name, tag: after === "" ? tag : frame.tag });
    await this.#goInto(slice, path, own.id);
    if (more) return void this.changes.push({ type: "upsert", entry: own });

    // Its tag is noted only with all that it stands for.
    const unchanged = after === "" || frame.tag === tag;
    const ids = children.map(({ name, resource }) => idOf(share, resource, [...path, name]));
    const problems = [
      ...listing.problems,
      ...children.flatMap(({ name }, index) => (ids[index] === undefined ? `“${name}” has no id` : [])),
    ];
    const whole = unchanged && problems.length === 0 && etagsRise(share) && tag !== undefined;
    this.changes.push({ type: "upsert", entry: { ...own, ...(whole && { treeTag: tag }) } });
    if (problems.length > 0) this.#leave(frame, problems.slice(0, 3).join(", "));
    else {
      this.changes.push({ type: "children", folderId: own.id, ids: ids.filter((id) => id !== undefined) });
      if (!unchanged) this.#readAgain({ path, parentId });
    }
  }

  /** As many of the children as the page and the cursor have room for; one at least. */
  #sliceOf(rest: readonly Child[], path: readonly string[]): Child[] {
    let room = STACK_CHARACTERS_MAX - this.#position.stack.reduce((sum, frame) => sum + lengthOf(frame), 0);
    const slice: Child[] = [];
    for (const child of rest) {
      if (slice.length >= PAGE_ENTRIES) break;
      if (child.resource.collection) room -= lengthOf({ path: [...path, child.name], parentId: "x".repeat(20) });
      if (room < 0 && slice.length > 0) break;
      slice.push(child);
    }
    return slice;
  }

  /** Puts the folders among these on the stack that may have changed below; the first one on top. */
  async #goInto(slice: readonly Child[], path: readonly string[], parentId: string): Promise<void> {
    const folders = slice.flatMap(({ name, resource }) => {
      const id = resource.collection ? idOf(this.#share, resource, [...path, name]) : undefined;
      return id === undefined ? [] : [{ id, path: [...path, name], etag: etagOf(resource) }];
    });
    const tags = this.#position.everything || folders.length === 0 ? null : await this.#treeTags(folders.map(({ id }) => id));
    for (const folder of folders.toReversed()) {
      if (folder.etag !== undefined && tags?.get(folder.id) === folder.etag) continue;
      if (folder.path.length > DEPTH_MAX) this.#leave({ path: folder.path, parentId }, `it lies more than ${DEPTH_MAX} folders deep`);
      else this.#position.stack.push({ path: folder.path, parentId });
    }
  }

  async #treeTags(ids: readonly string[]): Promise<ReadonlyMap<string, string> | undefined> {
    return etagsRise(this.#share) ? this.#known?.treeTags(ids) : undefined;
  }
}
