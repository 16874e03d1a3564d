import { asProviderError, type ProviderError } from "../errors.ts";
import type { Change, KnownItems } from "../provider.ts";
import { type Aps, isPartial } from "./aps.ts";
import { type ContentsPage, contentsOf, folderOf } from "./contents.ts";
import { AGAIN_MAX, type Frame, type Position } from "./cursor.ts";
import { type Listed, type ListedFolder, toListed } from "./entry.ts";
import { type ProjectRef, rootIdOf, topFoldersOf } from "./project.ts";

/** Entries a page, about: it is one step, and all of them are one value of one statement. */
const PAGE_ENTRIES = 600;
/** Folders read, a page. */
const PAGE_FOLDERS = 40;
const PARALLEL_READS = 4;
/** How often a folder is asked for whose answers fail, with others in between. */
const ATTEMPTS_MAX = 3;
/** Folders' times are of whole seconds, and from several servers: what one tells of so recent a moment may not be all. */
const SETTLED_MILLISECONDS = 5_000;

type Outcome = { frame: Frame } & ({ kind: "read"; page: ContentsPage } | { kind: "hidden" } | { kind: "failed"; error: ProviderError });

/**
 * One page of a round: folders are read from the top of the stack, and the folders in them go onto it, unless their time is the known
 * one. What is gone is told only where the source says that it is hidden: never because something is not listed.
 */
export class Walk {
  readonly changes: Change[] = [];
  readonly #aps: Aps;
  readonly #ref: ProjectRef;
  readonly #position: Position;
  readonly #known: KnownItems | undefined;
  #told = 0;
  #isThere: Promise<unknown> | null = null;

  /** `position` is moved on. */
  constructor(aps: Aps, ref: ProjectRef, position: Position, known: KnownItems | undefined) {
    this.#aps = aps;
    this.#ref = ref;
    this.#position = position;
    this.#known = known;
  }

  /** Throws what stops the round where nothing was read before it; else the page ends there. */
  async readPage(): Promise<void> {
    const { stack } = this.#position;
    for (let folders = 0; stack.length > 0 && folders < PAGE_FOLDERS && this.changes.length < PAGE_ENTRIES;) {
      const batch = this.#takeBatch(folders);
      folders += batch.length;
      const outcomes = await Promise.all(batch.map((frame) => this.#read(frame)));
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

  /** The first one is read alone: a token that is refused is sent once. What is to be asked for first waits for what is being listed. */
  #takeBatch(folders: number): Frame[] {
    const { stack } = this.#position;
    const top = stack.at(-1);
    if (folders === 0 || top?.id === null) return stack.splice(-1);
    let count = 1;
    while (count < PARALLEL_READS && count < stack.length && isAsked(stack.at(-1 - count)) === isAsked(top)) count += 1;
    return stack.splice(-count).toReversed();
  }

  /** The project's highest folders, or a page of a folder. */
  async #read(frame: Frame): Promise<Outcome> {
    try {
      if (frame.id === null) return { frame, kind: "read", page: await this.#readTop() };
      const { entry, ...rest } = frame;
      const found = entry ? { ...rest, entry } : await this.#ask(frame);
      if (found === "hidden") return { frame, kind: "hidden" };
      const page = await contentsOf(this.#aps, this.#ref, frame.id, { page: frame.page ?? 0, withHidden: !this.#position.listing });
      return { frame: found, kind: "read", page };
    } catch (error) {
      return { frame, kind: "failed", error: asProviderError(error) };
    }
  }

  async #readTop(): Promise<ContentsPage> {
    const top = await topFoldersOf(this.#aps, this.#ref, !this.#position.listing);
    const { answeredAt, above, folders } = top;
    this.#position.above = above;
    const listed = folders.map((folder) => toListed(folder, new Map(), rootIdOf(this.#ref), answeredAt));
    return { listed, more: false, partial: isPartial(top), answeredAt };
  }

  async #ask(frame: Frame): Promise<Frame | "hidden"> {
    const { folder, parentId } = await folderOf(this.#aps, this.#ref, frame.id ?? "");
    if (folder === "hidden") return folder;
    const isTop = parentId === undefined || this.#position.above.includes(parentId);
    return { ...frame, entry: { ...folder.entry, parentId: isTop ? rootIdOf(this.#ref) : parentId }, tag: folder.tag };
  }

  /** False: the page is full, and ends. */
  async #take(outcome: Outcome): Promise<boolean> {
    if (outcome.kind === "failed") return this.#takeFailure(outcome.frame, outcome.error);
    const { frame } = outcome;
    this.#told += 1;
    if (outcome.kind === "hidden") this.#remove(frame.id ?? "");
    else await this.#tell(frame, outcome.page);
    return true;
  }

  async #takeFailure(frame: Frame, error: ProviderError): Promise<boolean> {
    if (frame.id === null || error.kind === "auth" || error.kind === "throttled" || error.kind === "operator") throw error;
    // Listed just now, and not there: the next round asks what became of it. Where that is not there, it is gone.
    if (error.kind === "not_found") {
      if (!isAsked(frame)) this.#readAgain(frame.id);
      this.#told += 1;
      return true;
    }
    // That a folder is refused says nothing of what is in it. A refusal of all of them is told by their project.
    await (this.#isThere ??= topFoldersOf(this.#aps, this.#ref, false));
    const failures = (frame.failures ?? 0) + 1;
    this.#told += 1;
    if (error.kind === "forbidden" || failures >= ATTEMPTS_MAX) {
      this.#leave(frame, error.message);
      return true;
    }
    this.#position.stack.unshift({ ...frame, failures });
    // What comes next is asked for in another step: some time passes.
    return false;
  }

  async #tell(frame: Frame, { listed, more, partial, answeredAt }: ContentsPage): Promise<void> {
    const unread = await this.#tellEach(listed);
    const problem = partial ? "Autodesk says that its answer is not complete" : unread;
    if (problem !== undefined) this.#name(frame, problem);
    const unsettled = listed.some((one) => one.type === "file" && one.unsettled);
    const incomplete = frame.incomplete === true || problem !== undefined || unsettled;
    if (more) this.#position.stack.push({ ...frame, page: (frame.page ?? 0) + 1, incomplete });
    await this.#goInto(listed.flatMap((one) => (one.type === "folder" ? one.folder : [])));
    if (more || frame.id === null || !frame.entry) return;
    const whole = !incomplete && frame.tag !== undefined && isSettled(frame.tag, answeredAt);
    // Its tag is noted only with all that it stands for. It is of before the first page: a change since then, by which an entry may
    // have moved up to a page that was read already, has moved the time on, and the next round reads the folder.
    if (whole) this.changes.push({ type: "upsert", entry: { ...frame.entry, ...(frame.tag !== undefined && { treeTag: frame.tag }) } });
    else this.#readAgain(frame.id);
  }

  /** What of these could not be read, if anything. */
  async #tellEach(listed: readonly Listed[]): Promise<string | undefined> {
    let unread: string | undefined;
    for (const one of listed) {
      if (one.type === "folder") this.changes.push({ type: "upsert", entry: one.folder.entry });
      else if (one.type === "file") this.changes.push({ type: "upsert", entry: one.entry });
      else if (one.type === "hidden") this.#remove(one.id);
      else {
        this.changes.push(one.change);
        unread = "an entry of it cannot be read";
      }
    }
    return unread;
  }

  /** A list from the beginning tells what there is: what there is no more is looked up afterwards. */
  #remove(id: string): void {
    if (!this.#position.listing) this.changes.push({ type: "removal", id });
  }

  /** Nothing is told of what else is in the folder; the run's log names it, and the next round reads it again. */
  #leave(frame: Frame, reason: string): void {
    this.#name(frame, reason);
    if (frame.id !== null) this.#readAgain(frame.id);
  }

  #name({ id, entry }: Frame, reason: string): void {
    const name = id === null ? "the project" : `the folder “${entry?.name ?? id}”`;
    const message = `${name} was not read to its end, and nothing in it is taken for gone: ${reason.replace(/\.$/, "")}`;
    this.changes.push({ type: "malformed", reason: message });
  }

  #readAgain(id: string): void {
    const position = this.#position;
    if (position.again.includes(id)) return;
    if (position.again.length < AGAIN_MAX) position.again.push(id);
    else position.everythingNext = true;
  }

  /** Puts the folders among these on the stack that may have changed below; the first one on top. */
  async #goInto(folders: readonly ListedFolder[]): Promise<void> {
    const tags =
      this.#position.everything || folders.length === 0 ? null : await this.#known?.treeTags(folders.map(({ entry }) => entry.id));
    const changed = folders.filter(({ entry, tag }) => tag === undefined || tags?.get(entry.id) !== tag);
    // What is to be read again comes to its turn by that.
    const ids = new Set(changed.map(({ entry }) => entry.id));
    const { stack } = this.#position;
    const others = stack.filter(({ id, entry }) => entry !== undefined || id === null || !ids.has(id));
    stack.splice(0, stack.length, ...others, ...changed.toReversed().map(({ entry, tag }): Frame => ({ id: entry.id, entry, tag })));
  }
}

/** Whether a folder has to be asked for before it is read. */
const isAsked = (frame: Frame | undefined): boolean => frame?.entry === undefined;

function isSettled(tag: string, answeredAt: number): boolean {
  return answeredAt - Date.parse(tag.replace(/\.\d+/, "")) >= SETTLED_MILLISECONDS;
}
