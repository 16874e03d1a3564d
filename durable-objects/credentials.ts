import type { Authority } from "../worker/auth/authorities/authority.ts";
import { authorityOf } from "../worker/auth/authorities/registry.ts";
import type { Tokens } from "../worker/auth/refresh.ts";
import { refreshTokens } from "../worker/auth/refresh.ts";
import { revokeGrant } from "../worker/auth/revoke.ts";
import { ProviderError } from "../worker/providers/errors.ts";
import type { AuthMethod, FormValues, MintedToken } from "../worker/providers/provider.ts";
import { providers } from "../worker/providers/registry.ts";
import { createVault } from "../worker/vault.ts";
import type { ConnectionState } from "./user-sync-schema.ts";
import type { UserSyncStore } from "./user-sync-store.ts";

// Sealed credentials and the access that comes of them. One renewal at a time per connection; what it brings is kept only
// if no newer credential has replaced the old one meanwhile.

/** A token is renewed this long before it expires. */
const RENEW_EARLY_MILLISECONDS = 5 * 60_000;
/** After a renewal was begun its end is looked after, where what it brings can be had once more only for a while. */
export const RENEWAL_SECONDS = 60;
/** A refused token that is younger than this was refused for another reason than its age. */
const FRESH_MILLISECONDS = 30_000;
/** A grant that was renewed this lately is alive: that its tokens are refused all the same is believed only after some times in a row. */
const ALIVE_MILLISECONDS = 10 * 60_000;
const DOUBTS_MAX = 4;

/** What is sealed. Tokens alone are what earlier releases sealed: of the provider's first method. */
export type Credential =
  | (Tokens & { kind?: undefined })
  | { kind: "oauth2"; method: string; tokens: Tokens }
  | { kind: "form"; method: string; values: FormValues };

export class Credentials {
  readonly #env: Env;
  readonly #userId: string;
  readonly #store: UserSyncStore;
  readonly #now: () => number;
  readonly #wakeBy: (at: number) => Promise<void>;
  readonly #fetch: typeof fetch = (input, init) => fetch(input, init);
  readonly #renewals = new Map<string, Promise<MintedToken>>();
  readonly #renewedAt = new Map<string, number>();
  /** Refusals in a row of a grant that is alive. */
  readonly #doubts = new Map<string, number>();
  readonly #triedAt = new Map<string, number>();
  /** Opened credentials, by the sealed text that they came from. */
  readonly #opened = new Map<string, { sealed: string; credential: Credential }>();
  /** Tokens that were minted from a form, likewise: nobody else needs them, so they are kept in memory alone. */
  readonly #minted = new Map<string, { sealed: string; token: MintedToken }>();

  constructor(env: Env, userId: string, store: UserSyncStore, now: () => number, wakeBy: (at: number) => Promise<void>) {
    this.#env = env;
    this.#userId = userId;
    this.#store = store;
    this.#now = now;
    this.#wakeBy = wakeBy;
  }

  seal(connectionId: string, credential: Credential): Promise<string> {
    return createVault(this.#env).seal({ userId: this.#userId, connectionId }, credential);
  }

  /** A valid access token. `renew`: the last one was refused. Throws a `ProviderError`. */
  async accessToken(connectionId: string, options: { renew?: boolean } = {}): Promise<string> {
    const renewing = this.#renewals.get(connectionId);
    if (renewing) return (await renewing).accessToken;
    const token = await this.#current(connectionId);
    const justRenewed = this.#now() - (this.#renewedAt.get(connectionId) ?? 0) < FRESH_MILLISECONDS;
    const refused = options.renew === true && !justRenewed;
    if (token && !refused && token.expiresAt - RENEW_EARLY_MILLISECONDS > this.#now()) return token.accessToken;
    return (await this.renew(connectionId)).accessToken;
  }

  /** What the person filled in. Throws a `ProviderError`, `unsupported` where the connection was not made by a form. */
  async fields(connectionId: string): Promise<FormValues> {
    const credential = await this.#open(connectionId);
    if (credential.kind !== "form") throw new ProviderError("unsupported", "This connection was not made by a form.");
    return credential.values;
  }

  /** Ends the grant at its authority, where that can be done. Throws a `ProviderError` where it failed. */
  async revoke(connectionId: string): Promise<void> {
    // A renewal that is under way ends first: its token is the one to name.
    await this.#renewals.get(connectionId)?.catch(() => undefined);
    const credential = await this.#open(connectionId);
    const method = methodOf(this.#store.connection(connectionId)?.provider ?? "", credential);
    if (credential.kind === "form" || method.type !== "oauth2") return;
    const authority = authorityOf(method);
    const { revocation } = authority;
    if (!revocation) return;
    const token = revocation.by === "access_token" ? await this.accessToken(connectionId) : tokensOf(credential).refreshToken;
    await revokeGrant(authority, revocation, this.#env, token, { fetch: this.#fetch });
  }

  /** When a renewal was last begun by this instance; 0: never. */
  triedAt(connectionId: string): number {
    return this.#triedAt.get(connectionId) ?? 0;
  }

  /** Renews now. Calls that come meanwhile wait for the same answer. */
  renew(connectionId: string): Promise<MintedToken> {
    const running = this.#renewals.get(connectionId);
    if (running) return running;
    this.#triedAt.set(connectionId, this.#now());
    const renewal = this.#renew(connectionId).finally(() => this.#renewals.delete(connectionId));
    this.#renewals.set(connectionId, renewal);
    return renewal;
  }

  /** The source refuses access. Whether that is to be believed, and the person to sign in again: each call counts as one refusal. */
  believesRefusal(connectionId: string): boolean {
    if (this.#now() - (this.#renewedAt.get(connectionId) ?? -Infinity) > ALIVE_MILLISECONDS) return true;
    const doubts = (this.#doubts.get(connectionId) ?? 0) + 1;
    this.#doubts.set(connectionId, doubts);
    return doubts > DOUBTS_MAX;
  }

  /** The source has answered as it should. */
  answered(connectionId: string): void {
    this.#doubts.delete(connectionId);
  }

  async #renew(connectionId: string): Promise<MintedToken> {
    const before = this.#store.connection(connectionId);
    const credential = await this.#open(connectionId);
    const method = methodOf(before?.provider ?? "", credential);
    const context = { fetch: this.#fetch, now: this.#now };
    if (credential.kind === "form") return this.#mint(connectionId, method, credential.values, context);
    if (method.type !== "oauth2") throw new ProviderError("fatal", "This connection was made by a sign-in.");
    const renewed = await this.#exchange(before, authorityOf(method), tokensOf(credential), method.scopes);
    // Kept before it is used for anything: the old one may not work any more.
    const sealed = await this.seal(connectionId, { kind: "oauth2", method: method.id, tokens: renewed });
    this.#renewedAt.set(connectionId, this.#now());
    if (before && this.#store.replaceCredential(connectionId, before.generation, sealed)) {
      this.#opened.set(connectionId, { sealed, credential: { kind: "oauth2", method: method.id, tokens: renewed } });
      return renewed;
    }
    const newer = await this.#open(connectionId);
    if (newer.kind === "form") throw new ProviderError("transient", "The connection has just been made anew.");
    return tokensOf(newer);
  }

  /**
   * Where a refresh token works once it is noted that it was sent, before it is: should the answer get lost, by a crash or on its way, it
   * is sent again, and if that fails it is known why.
   */
  async #exchange(connection: ConnectionState | null, authority: Authority, tokens: Tokens, scopes: readonly string[]): Promise<Tokens> {
    const { rotationGraceSeconds: grace } = authority;
    const interrupted = connection !== null && connection.renewingUntil !== null;
    const notes = connection !== null && grace !== undefined && !interrupted;
    if (notes) this.#store.setRenewingUntil(connection.id, this.#now() + grace * 1000);
    if (grace !== undefined && grace > 0) await this.#wakeBy(this.#now() + RENEWAL_SECONDS * 1000);
    try {
      return await refreshTokens(authority, this.#env, tokens, scopes, { fetch: this.#fetch, now: this.#now, interrupted });
    } catch (error) {
      const answered = error instanceof ProviderError && error.status !== undefined;
      if (notes && answered) this.#store.setRenewingUntil(connection.id, null);
      throw error;
    }
  }

  async #mint(connectionId: string, method: AuthMethod, values: FormValues, context: { fetch: typeof fetch; now: () => number }) {
    if (method.type === "oauth2" || !method.mint) throw new ProviderError("fatal", "This connection has no access tokens.");
    const sealed = this.#store.connection(connectionId)?.sealed ?? "";
    const token = await method.mint(this.#env, values, context);
    this.#renewedAt.set(connectionId, this.#now());
    this.#minted.set(connectionId, { sealed, token });
    return token;
  }

  /** The token as it is, of a sign-in or minted before; null where one is still to be minted. */
  async #current(connectionId: string): Promise<MintedToken | null> {
    const credential = await this.#open(connectionId);
    if (credential.kind !== "form") return tokensOf(credential);
    const minted = this.#minted.get(connectionId);
    return minted?.sealed === this.#store.connection(connectionId)?.sealed ? (minted?.token ?? null) : null;
  }

  async #open(connectionId: string): Promise<Credential> {
    const { sealed, generation } = this.#store.connection(connectionId) ?? { sealed: null, generation: 0 };
    if (sealed === null) throw new ProviderError("auth", "This connection has no credential any more.");
    const opened = this.#opened.get(connectionId);
    if (opened?.sealed === sealed) return opened.credential;
    const vault = createVault(this.#env);
    const context = { userId: this.#userId, connectionId };
    const credential = await vault.open<Credential>(context, sealed);
    // Under a new master key, what an older one sealed is sealed again when it is next used.
    const current = vault.isCurrent(sealed) ? sealed : await vault.seal(context, credential);
    if (current !== sealed && !this.#store.replaceCredential(connectionId, generation, current)) return this.#open(connectionId);
    this.#opened.set(connectionId, { sealed: current, credential });
    return credential;
  }
}

function tokensOf(credential: Exclude<Credential, { kind: "form" }>): Tokens {
  return credential.kind === "oauth2" ? credential.tokens : credential;
}

/** How the connection was made. */
function methodOf(providerId: string, credential: Credential): AuthMethod {
  const methods = providers.get(providerId)?.methods;
  const method = credential.kind === undefined ? methods?.[0] : methods?.find(({ id }) => id === credential.method);
  if (!method) throw new ProviderError("auth", "This way to connect the source is no longer offered. Connect it again.");
  return method;
}
