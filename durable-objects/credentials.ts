import type { Tokens } from "../worker/auth/refresh.ts";
import { refreshTokens } from "../worker/auth/refresh.ts";
import { ProviderError } from "../worker/providers/errors.ts";
import { providers } from "../worker/providers/registry.ts";
import { createVault } from "../worker/vault.ts";
import type { UserSyncStore } from "./user-sync-store.ts";

// Sealed credentials and their renewal. One refresh at a time per connection; what it brings is kept only if no newer
// sign-in has replaced the credential meanwhile.

/** A token is renewed this long before it expires. */
const RENEW_EARLY_MILLISECONDS = 5 * 60_000;
/** A refused token that is younger than this was refused for another reason than its age. */
const FRESH_MILLISECONDS = 30_000;
/** A grant that was renewed this lately is alive: that its tokens are refused all the same is believed only after some times in a row. */
const ALIVE_MILLISECONDS = 10 * 60_000;
const DOUBTS_MAX = 4;

export class Credentials {
  readonly #env: Env;
  readonly #userId: string;
  readonly #store: UserSyncStore;
  readonly #now: () => number;
  readonly #refreshes = new Map<string, Promise<Tokens>>();
  readonly #refreshedAt = new Map<string, number>();
  /** Refusals in a row of a grant that is alive. */
  readonly #doubts = new Map<string, number>();
  /** Opened credentials, by the sealed text that they came from. */
  readonly #opened = new Map<string, { sealed: string; tokens: Tokens }>();

  constructor(env: Env, userId: string, store: UserSyncStore, now: () => number) {
    this.#env = env;
    this.#userId = userId;
    this.#store = store;
    this.#now = now;
  }

  seal(connectionId: string, tokens: Tokens): Promise<string> {
    return createVault(this.#env).seal({ userId: this.#userId, connectionId }, tokens);
  }

  /** A valid access token. `renew`: the last one was refused. Throws a `ProviderError`. */
  async accessToken(connectionId: string, options: { renew?: boolean } = {}): Promise<string> {
    const renewing = this.#refreshes.get(connectionId);
    if (renewing) return (await renewing).accessToken;
    const tokens = await this.#open(connectionId);
    const justRefreshed = this.#now() - (this.#refreshedAt.get(connectionId) ?? 0) < FRESH_MILLISECONDS;
    const refused = options.renew === true && !justRefreshed;
    if (!refused && tokens.expiresAt - RENEW_EARLY_MILLISECONDS > this.#now()) return tokens.accessToken;
    return (await this.renew(connectionId)).accessToken;
  }

  /** Renews now. Calls that come meanwhile wait for the same answer. */
  renew(connectionId: string): Promise<Tokens> {
    const running = this.#refreshes.get(connectionId);
    if (running) return running;
    const refresh = this.#refresh(connectionId).finally(() => this.#refreshes.delete(connectionId));
    this.#refreshes.set(connectionId, refresh);
    return refresh;
  }

  /** The source refuses access. Whether that is to be believed, and the person to sign in again: each call counts as one refusal. */
  believesRefusal(connectionId: string): boolean {
    if (this.#now() - (this.#refreshedAt.get(connectionId) ?? -Infinity) > ALIVE_MILLISECONDS) return true;
    const doubts = (this.#doubts.get(connectionId) ?? 0) + 1;
    this.#doubts.set(connectionId, doubts);
    return doubts > DOUBTS_MAX;
  }

  /** The source has answered as it should. */
  answered(connectionId: string): void {
    this.#doubts.delete(connectionId);
  }

  async #refresh(connectionId: string): Promise<Tokens> {
    const tokens = await this.#open(connectionId);
    const before = this.#store.connection(connectionId);
    const scopes = providers.get(before?.provider ?? "")?.auth.scopes ?? [];
    const renewed = await refreshTokens(this.#env, tokens, scopes, { fetch: (input, init) => fetch(input, init), now: this.#now });
    const sealed = await this.seal(connectionId, renewed);
    this.#refreshedAt.set(connectionId, this.#now());
    if (before && this.#store.replaceCredential(connectionId, before.generation, sealed)) {
      this.#opened.set(connectionId, { sealed, tokens: renewed });
      return renewed;
    }
    return this.#open(connectionId);
  }

  async #open(connectionId: string): Promise<Tokens> {
    const { sealed, generation } = this.#store.connection(connectionId) ?? { sealed: null, generation: 0 };
    if (sealed === null) throw new ProviderError("auth", "This connection has no credential any more.");
    const opened = this.#opened.get(connectionId);
    if (opened?.sealed === sealed) return opened.tokens;
    const vault = createVault(this.#env);
    const context = { userId: this.#userId, connectionId };
    const tokens = await vault.open<Tokens>(context, sealed);
    // Under a new master key, what an older one sealed is sealed again when it is next used.
    const current = vault.isCurrent(sealed) ? sealed : await vault.seal(context, tokens);
    if (current !== sealed && !this.#store.replaceCredential(connectionId, generation, current)) return this.#open(connectionId);
    this.#opened.set(connectionId, { sealed: current, tokens });
    return tokens;
  }
}
