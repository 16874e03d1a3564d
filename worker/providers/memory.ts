import { ProviderError } from "./errors.ts";
import { MemoryDrive, type MemoryItem, type MemoryMethod, type Misreport } from "./memory-drive.ts";
import { MemoryRounds } from "./memory-rounds.ts";
import type {
  BrowseCapability,
  ChangePage,
  ContentRef,
  FeedRef,
  Lookup,
  OpenedContent,
  Provider,
  ProviderContext,
  ProviderDefinition,
  ProviderFacts,
  WebhookCapability,
  ByteRange,
  Account,
} from "./provider.ts";

const LOOKUP_MAX = 20;
const SUBSCRIPTION_SECONDS = 30 * 24 * 3_600;

export function createMemoryDrive(id = "drive-1", itemPrefix?: string): MemoryDrive {
  return new MemoryDrive(id, itemPrefix);
}

/** A complete provider over one drive in memory, for every connection that is made with it. */
export function memoryProvider(drive: MemoryDrive, authority = "microsoft"): ProviderDefinition {
  const rounds = new Map<MemoryDrive, MemoryRounds>();
  return {
    id: "memory",
    name: "Memory",
    methods: [{ type: "oauth2", id: authority, name: "Memory", authority, scopes: [] }],
    capabilities: { browse: true, search: false, webhook: true },
    hashes: "some",
    webhookPath: authority,
    create: (_env, context) => new MemoryProvider(drive, rounds, context),
  };
}

class MemoryProvider implements Provider {
  readonly #drive: MemoryDrive;
  readonly #rounds: Map<MemoryDrive, MemoryRounds>;
  readonly #context: ProviderContext;

  constructor(drive: MemoryDrive, rounds: Map<MemoryDrive, MemoryRounds>, context: ProviderContext) {
    this.#drive = drive;
    this.#rounds = rounds;
    this.#context = context;
  }

  get facts(): ProviderFacts {
    const { settings } = this.#drive;
    return {
      hashAlgorithms: settings.hashes ? ["sha256"] : [],
      rangedReads: settings.rangedReads,
      reportsRemovals: !settings.withholdTombstones,
      downloadUrlSeconds: settings.downloadUrlSeconds,
      lookupMax: LOOKUP_MAX,
    };
  }

  async account(): Promise<Account> {
    await this.#call("account");
    const used = this.#drive.files().reduce((sum, file) => sum + file.bytes.length, 0);
    return { id: `account-of-${this.#drive.id}`, label: "Memory", email: "memory@example.com", quota: { used } };
  }

  async feeds(chosen?: readonly string[]): Promise<FeedRef[]> {
    await this.#call("feeds");
    const drives = this.#drive.settings.replacedBy ?? [this.#drive];
    return drives.filter(({ id }) => chosen?.includes(id) ?? true).map((drive) => ({ id: drive.id, name: "Memory" }));
  }

  async changes(feedId: string, cursor: string | null): Promise<ChangePage> {
    await this.#call("changes");
    const drive = this.#driveOf(feedId);
    const fault = drive === this.#drive ? undefined : drive.meet("changes");
    if (fault) throw fault;
    return this.#roundsOf(drive).page(cursor, this.#context.now());
  }

  async lookup(feedId: string, ids: readonly string[]): Promise<Lookup[]> {
    await this.#call("lookup");
    const drive = this.#driveOf(feedId);
    if (ids.length > LOOKUP_MAX) throw new ProviderError("fatal", `A lookup takes ${LOOKUP_MAX} ids at most.`);
    return ids.map((id): Lookup => {
      const item = drive.items().find((each) => each.id === id);
      if (!item || item.removedBy !== null) return { id, status: "gone" };
      if (drive.misreportOf(id)?.refused) return { id, status: "refused" };
      return { id, status: "found", entry: this.#roundsOf(drive).entry(item, this.#context.now()) };
    });
  }

  /** Needs no token: the address is its own authority, for as long as it lasts. */
  async open(content: ContentRef, options: { range?: ByteRange; signal?: AbortSignal } = {}): Promise<OpenedContent> {
    this.#context.onRequest?.();
    const fault = this.#drive.meet("open", content.id);
    this.#reportBudget();
    if (fault) throw fault;
    options.signal?.throwIfAborted();
    const item = this.#addressed(content);
    const misreport = this.#drive.misreportOf(item.id);
    const all = misreport?.served ?? item.bytes ?? new Uint8Array();
    const { rangedReads, ignoresRanges, chunkBytes } = this.#drive.settings;
    const range = rangedReads && !ignoresRanges ? options.range : undefined;
    if (range && range.offset >= all.length) throw new ProviderError("fatal", "The range lies past the end.", { status: 416 });
    const bytes = range ? all.subarray(range.offset, range.offset + range.length) : all;
    this.#drive.opened.push(item.id);
    return {
      body: chunked(bytes.subarray(0, misreport?.truncateAt ?? bytes.length), chunkBytes, misreport),
      size: bytes.length,
      partial: range !== undefined,
      ...(range && { total: all.length }),
      contentType: "application/octet-stream",
    };
  }

  readonly browse: BrowseCapability = {
    list: async (parent) => {
      await this.#call("browse");
      const drive = parent === null ? this.#drive : this.#driveOf(parent.feedId ?? "");
      const live = drive.items().filter((item) => item.removedBy === null);
      const shown = parent === null ? live.filter(({ id }) => id === drive.rootId) : live.filter((item) => item.parentId === parent.id);
      const entries = shown.map(({ id, name, bytes }) => ({
        id,
        feedId: drive.id,
        whole: id === drive.rootId,
        name: id === drive.rootId ? "Memory" : name,
        kind: bytes ? ("file" as const) : ("folder" as const),
        hasChildren: live.some((item) => item.parentId === id),
        ...(bytes && { size: bytes.length }),
      }));
      return { entries, cursor: null };
    },
  };

  readonly webhook: WebhookCapability = {
    lifetimeSeconds: SUBSCRIPTION_SECONDS,
    subscribe: async ({ feedId, expiresAt, clientState, notificationUrl }) => {
      await this.#call("subscribe");
      this.#driveOf(feedId);
      const id = `subscription-${this.#drive.requests.subscribe}`;
      this.#drive.subscriptions.set(id, { expiresAt, clientState, notificationUrl });
      return { id, expiresAt };
    },
    renew: async (id, expiresAt) => {
      await this.#call("renew");
      const subscription = this.#drive.subscriptions.get(id);
      if (!subscription) throw new ProviderError("not_found", "The subscription is no more.");
      subscription.expiresAt = expiresAt;
      return { id, expiresAt };
    },
    unsubscribe: async (id) => {
      await this.#call("unsubscribe");
      this.#drive.subscriptions.delete(id);
    },
  };

  /** What every call with a token meets: the fault set for it, a refused token, a missing account. */
  async #call(method: MemoryMethod): Promise<void> {
    const { refusedTokens, settings } = this.#drive;
    let token = await this.#context.accessToken();
    if (refusedTokens.has(token)) token = await this.#context.accessToken({ renew: true });
    this.#context.onRequest?.();
    const fault = this.#drive.meet(method);
    this.#reportBudget();
    if (fault) throw fault;
    if (refusedTokens.has(token) || settings.missing === "account")
      throw new ProviderError("auth", "The token was refused.", { status: 401 });
  }

  #reportBudget(): void {
    const { budget } = this.#drive.settings;
    if (budget) this.#context.onBudget?.(budget);
  }

  #driveOf(feedId: string): MemoryDrive {
    const { missing, replacedBy } = this.#drive.settings;
    const drive = (replacedBy ?? [this.#drive]).find((each) => each.id === feedId);
    if (!drive || missing === "drive") throw new ProviderError("not_found", "The drive is not there.", { status: 404 });
    return drive;
  }

  #roundsOf(drive: MemoryDrive): MemoryRounds {
    const rounds = this.#rounds.get(drive) ?? new MemoryRounds(drive);
    this.#rounds.set(drive, rounds);
    return rounds;
  }

  #addressed(content: ContentRef): MemoryItem {
    const { revision, expires } = /^memory:.+\/(?<revision>\d+)\?expires=(?<expires>\d+)$/.exec(content.download?.url ?? "")?.groups ?? {};
    const drives = [this.#drive, ...(this.#drive.settings.replacedBy ?? [])];
    const item = drives.flatMap((drive) => drive.items()).find((each) => each.id === content.id);
    const inTime = expires !== undefined && Number(expires) > this.#context.now();
    if (item?.removedBy === null && inTime && item.revision === Number(revision)) return item;
    throw new ProviderError("expired_url", "The address has expired.", { status: inTime ? 404 : 401 });
  }
}

function chunked(bytes: Uint8Array, chunkBytes: number, misreport: Misreport | undefined): ReadableStream<Uint8Array> {
  let at = 0;
  const body: UnderlyingByteSource = {
    type: "bytes",
    pull(controller) {
      if (at >= (misreport?.breakAt ?? Infinity)) return controller.error(new Error("The connection was reset."));
      if (at >= (misreport?.stallAt ?? Infinity)) return new Promise(() => undefined);
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += chunkBytes)));
      if (at < bytes.length) return;
      controller.close();
      // A read that waits with its own buffer ends only by being answered.
      controller.byobRequest?.respond(0);
    },
  };
  return new ReadableStream(body);
}
