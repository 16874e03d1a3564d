import type { UserSyncRpc } from "../../durable-objects/rpc.ts";
import type { ErrorCode, Result } from "../errors.ts";
import { errorFields, type Logger } from "../log.ts";
import { ProviderError, type ProviderErrorKind } from "../providers/errors.ts";
import type { FormValues } from "../providers/provider.ts";

/** Waits before a call to the object is made again: it may be moving, or be busy. */
const CALL_WAITS_MILLISECONDS = [100, 500, 2_000] as const;

/** Calls a user's object; after a failure again, each time through a new stub, since the old one stays broken. */
export class UserObjectCalls {
  readonly #env: Pick<Env, "USER_SYNC">;
  readonly #userId: string;
  readonly #log: Logger;

  constructor(env: Pick<Env, "USER_SYNC">, userId: string, log: Logger) {
    this.#env = env;
    this.#userId = userId;
    this.#log = log;
  }

  async call<T>(name: string, invoke: (object: UserSyncRpc) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await invoke(this.#env.USER_SYNC.getByName(this.#userId));
      } catch (error) {
        const wait = CALL_WAITS_MILLISECONDS[attempt];
        this.#log.warn("downloads.call_failed", { call: name, attempt, ...errorFields(error) });
        if (wait === undefined) throw error;
        await scheduler.wait(wait);
      }
    }
  }

  /** A valid access token of the connection. Throws a ProviderError. */
  accessToken(connectionId: string, renew: boolean): Promise<string> {
    return this.#credential("accessToken", (object) => object.accessToken(connectionId, { renew }));
  }

  /** What the connection's form was filled in with. Throws a ProviderError. */
  connectionFields(connectionId: string): Promise<FormValues> {
    return this.#credential("connectionFields", (object) => object.connectionFields(connectionId));
  }

  async #credential<T>(name: string, invoke: (object: UserSyncRpc) => Promise<Result<T>>): Promise<T> {
    const result = await this.call(name, invoke).catch((error: unknown) => {
      throw new ProviderError("transient", "The connection's credential could not be had.", { cause: error });
    });
    if (result.ok) return result.value;
    throw new ProviderError(kindOfRefusal(result.code), result.message, { providerCode: result.code });
  }
}

/** The connection is not usable, is no more, or has no such credential; anything else may pass. */
function kindOfRefusal(code: ErrorCode): ProviderErrorKind {
  if (code === "connection.unsupported") return "unsupported";
  const isOver = code === "connection.not_active" || code === "connection.not_found" || code === "account.being_erased";
  return isOver ? "auth" : "transient";
}
