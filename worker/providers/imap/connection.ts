import type { ImapFlow } from "imapflow";
import { ProviderError } from "../errors.ts";
import type { ProviderContext } from "../provider.ts";
import { signIn } from "./connect.ts";
import { toProviderError } from "./errors.ts";
import { type ImapSettings, settingsOf } from "./settings.ts";

/** How long a connection is kept for the next download of the same job. */
const IDLE_MILLISECONDS = 2_000;
/** What is asked of a server takes no longer: then the connection is given up. */
const WORK_SECONDS_MAX = 90;
/** Of a goodbye: a server that does not say it is left without. */
const LOGOUT_MILLISECONDS = 5_000;

/** The one connection that a provider has at a time: servers allow few to an account, and jobs are done side by side. */
export class Connection {
  readonly #context: ProviderContext;
  readonly #origin: string;
  #client: ImapFlow | null = null;
  #settings: Promise<ImapSettings> | null = null;
  #idle: ReturnType<typeof setTimeout> | null = null;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** The sign-in was refused: the same one is not tried again. */
  #refused: ProviderError | null = null;

  constructor(context: ProviderContext, origin: string) {
    this.#context = context;
    this.#origin = origin;
  }

  get context(): ProviderContext {
    return this.#context;
  }

  settings(): Promise<ImapSettings> {
    return (this.#settings ??= this.#read());
  }

  /** Does something with the server, and leaves it, unless somebody else waits for the connection. One request, as far as it is counted. */
  async use<T>(work: (client: ImapFlow) => Promise<T>): Promise<T> {
    const { client, release } = await this.take();
    try {
      const result = await inTime(client, () => work(client));
      await release("leave");
      return result;
    } catch (error) {
      await release("broken");
      throw toProviderError(error, (await this.settings()).host);
    }
  }

  /**
   * The connection, for oneself until it is released: `keep` for whoever comes next, `leave` the server, or `broken`, with an
   * answer that will not be read.
   */
  async take(): Promise<{ client: ImapFlow; release: (how: "keep" | "leave" | "broken") => Promise<void> }> {
    const before = this.#turn;
    let done: () => void = () => undefined;
    this.#turn = new Promise((resolve) => (done = resolve));
    this.#waiting += 1;
    await before;
    this.#waiting -= 1;
    clearTimeout(this.#idle);
    try {
      this.#context.onRequest?.();
      const client = await this.#open();
      return { client, release: once(async (how) => this.#release(client, how).finally(done)) };
    } catch (error) {
      done();
      throw error;
    }
  }

  async #open(): Promise<ImapFlow> {
    if (this.#client?.usable) return this.#client;
    if (this.#refused) throw this.#refused;
    const settings = await this.settings();
    try {
      this.#client = await this.#signIn(settings);
      return this.#client;
    } catch (error) {
      const problem = toProviderError(error, settings.host);
      if (problem.kind === "auth") this.#refused = problem;
      throw problem;
    }
  }

  /** A token that is refused is renewed, once. */
  async #signIn(settings: ImapSettings): Promise<ImapFlow> {
    const { password } = settings;
    if (password !== undefined) return signIn(this.#context, settings, { password });
    try {
      return await signIn(this.#context, settings, { accessToken: await this.#context.accessToken() });
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== "auth") throw error;
      return signIn(this.#context, settings, { accessToken: await this.#context.accessToken({ renew: true }) });
    }
  }

  async #release(client: ImapFlow, how: "keep" | "leave" | "broken"): Promise<void> {
    if (how === "broken") {
      client.close();
      this.#client = null;
    } else if (this.#waiting === 0) {
      if (how === "leave") return this.#leave(client);
      this.#idle = setTimeout(() => void this.#leave(client), IDLE_MILLISECONDS);
    }
  }

  async #leave(client: ImapFlow): Promise<void> {
    if (this.#client === client) this.#client = null;
    const late = setTimeout(() => client.close(), LOGOUT_MILLISECONDS);
    try {
      await client.logout();
    } catch {
      // It is gone already, which is what was wanted.
    } finally {
      clearTimeout(late);
      client.close();
    }
  }

  async #read(): Promise<ImapSettings> {
    const values = await this.#context.fields?.();
    if (!values) throw new ProviderError("fatal", "This connection was not made by a form.");
    return settingsOf(values, this.#origin);
  }
}

/** A server that falls silent ends what waits for it. */
export async function inTime<T>(client: ImapFlow, work: () => Promise<T>): Promise<T> {
  const late = setTimeout(() => client.close(), WORK_SECONDS_MAX * 1000);
  try {
    return await work();
  } finally {
    clearTimeout(late);
  }
}

function once<A>(work: (argument: A) => Promise<void>): (argument: A) => Promise<void> {
  let result: Promise<void> | null = null;
  return (argument) => (result ??= work(argument));
}
