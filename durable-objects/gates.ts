import { ProviderError } from "../worker/providers/errors.ts";
import type { RequestBudget } from "../worker/providers/provider.ts";
import { restSeconds, WINDOW_SECONDS } from "../worker/sync/budget.ts";
import type { Engine } from "./engine.ts";

// When a connection's source must be left alone. A gate is durable and concerns everybody: steps, consumers, what people
// ask for. What is left of an allowance is known in memory only.

/** An error with this code was never sent: the connection was gated already. */
const GATED = "gated";
/** A rest is longer by up to this share, so that what shares an allowance does not come back together. */
const SPREAD_SHARE = 0.1;

/** An allowance as it was last heard of. */
export interface KnownBudget {
  limit: number;
  remaining: number;
  /** Milliseconds since 1970. */
  resetsAt: number;
  windowSeconds: number;
}

export class Gates {
  readonly #engine: Pick<Engine, "store" | "log" | "now" | "random">;
  readonly #budgets = new Map<string, KnownBudget>();

  constructor(engine: Pick<Engine, "store" | "log" | "now" | "random">) {
    this.#engine = engine;
  }

  /** Refusals in a row before this one. Answers of requests that were under way together are one refusal. */
  refusals(connectionId: string): number {
    const { gateCount, gateUntil } = this.#engine.store.connection(connectionId) ?? { gateCount: 0, gateUntil: 0 };
    return gateUntil > this.#engine.now() ? Math.max(0, gateCount - 1) : gateCount;
  }

  /** The source has answered a download: with the gate open, the refusals before it are in no row with what comes. */
  answered(connectionId: string): void {
    const { store, now } = this.#engine;
    const connection = store.connection(connectionId);
    if (connection && connection.gateCount > 0 && connection.gateUntil <= now()) store.setGate(connectionId, connection.gateUntil, 0);
  }

  /** Nothing is asked of this connection's source for a while: it has had enough. */
  close(connectionId: string, seconds: number): void {
    const { store, now, log } = this.#engine;
    const connection = store.connection(connectionId);
    if (!connection) return;
    const until = Math.max(connection.gateUntil, now() + seconds * 1000);
    const refusals = this.refusals(connectionId) + 1;
    if (until === connection.gateUntil && refusals === connection.gateCount) return;
    store.setGate(connectionId, until, refusals);
    log.info("connection.throttled", { connectionId, seconds });
  }

  /** Takes in what is left of an allowance. Where it is all but used up, the connection rests before it is refused. */
  note(connectionId: string, budget: RequestBudget): void {
    const { store, now, random, log } = this.#engine;
    const windowSeconds = Math.max(WINDOW_SECONDS, budget.resetSeconds);
    this.#budgets.set(connectionId, {
      limit: budget.limit,
      remaining: budget.remaining,
      resetsAt: now() + budget.resetSeconds * 1000,
      windowSeconds,
    });
    const rest = restSeconds(budget);
    const connection = store.connection(connectionId);
    if (rest === 0 || !connection || connection.gateUntil >= now() + rest * 1000) return;
    const seconds = Math.ceil(rest * (1 + SPREAD_SHARE * random()));
    store.setGate(connectionId, now() + seconds * 1000, connection.gateCount);
    log.info("connection.rests", { connectionId, seconds, ...budget });
  }

  /** What is known to be left; null where nothing is, or the allowance has been renewed since. */
  budget(connectionId: string): KnownBudget | null {
    const budget = this.#budgets.get(connectionId);
    return budget && budget.resetsAt > this.#engine.now() ? budget : null;
  }

  /** Before a request: throws where the connection is to be left alone. */
  expectOpen(connectionId: string): void {
    const { store, now } = this.#engine;
    const waitSeconds = ((store.connection(connectionId)?.gateUntil ?? 0) - now()) / 1000;
    if (waitSeconds <= 0) return;
    throw new ProviderError("throttled", "The source has asked to wait.", {
      providerCode: GATED,
      retryAfterSeconds: Math.ceil(waitSeconds),
    });
  }
}

/** Whether this request was not sent at all, since its connection was gated. */
export function wasNotSent(error: ProviderError): boolean {
  return error.providerCode === GATED;
}
