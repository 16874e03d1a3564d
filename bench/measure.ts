import { Client } from "../test/e2e/support/client.ts";
import { cpuOf, forgetPeak, memoryOf } from "./processes.ts";
import type { Tidemark } from "./tidemark.ts";
import type { Counts } from "./worker/tally.ts";

// What a piece of work costs: counts before and after it.

const POLL_MILLISECONDS = 250;
const PATIENCE_SECONDS = 3 * 3600;

export interface Cost {
  seconds: number;
  /** What was counted at the Worker's bindings. */
  counts: Counts;
  /** Requests to the provider, without those of signing in. */
  requests: { total: number; byRoute: Record<string, number> };
  /** Milliseconds. What plays D1, R2 and the queues works in the same process as the Worker. */
  cpu: { workerd: number; sandbox: number };
  /** Bytes of workerd. */
  memory: { before: number; peak: number; after: number };
  /** Bytes of the Worker's isolate: its heap and its buffers. */
  isolate: { peak: number; after: number };
}

export async function costOf(tidemark: Tidemark, work: () => Promise<void>): Promise<Cost> {
  const { workerd, sandboxProcess, sandbox, isolate } = tidemark;
  await sandbox.call("DELETE", "/requests");
  forgetPeak(workerd);
  const before = {
    counts: await tidemark.counts(),
    workerd: cpuOf(workerd),
    sandbox: cpuOf(sandboxProcess),
    memory: memoryOf(workerd).now,
  };
  let seconds = 0;
  // The work alone: an inspector that is slow to answer is not the Worker's time.
  const ownMemory = await isolate.during(async () => {
    const startedAt = performance.now();
    await work();
    seconds = (performance.now() - startedAt) / 1000;
  });
  const memory = memoryOf(workerd);
  return {
    seconds,
    counts: difference(before.counts, await tidemark.counts()),
    requests: await providerRequests(tidemark),
    cpu: { workerd: cpuOf(workerd) - before.workerd, sandbox: cpuOf(sandboxProcess) - before.sandbox },
    memory: { before: before.memory, peak: memory.peak, after: memory.now },
    isolate: ownMemory,
  };
}

function difference(before: Counts, after: Counts): Counts {
  return Object.fromEntries(
    Object.entries(after)
      .map(([name, value]) => [name, value - (before[name] ?? 0)] as const)
      .filter(([, value]) => value !== 0),
  );
}

async function providerRequests({ sandbox }: Tidemark): Promise<Cost["requests"]> {
  const { routes } = await sandbox.call<{ routes: { host: string; method: string; route: string; status: number; count: number }[] }>(
    "GET",
    "/requests",
  );
  const asked = routes.filter(({ host }) => !host.startsWith("login."));
  return {
    total: asked.reduce((sum, route) => sum + route.count, 0),
    byRoute: Object.fromEntries(asked.map(({ host, method, route, status, count }) => [`${method} ${host}${route} ${status}`, count])),
  };
}

/** The sum of all counts whose names match. */
export function sum(counts: Counts, names: RegExp): number {
  return Object.entries(counts).reduce((total, [name, value]) => total + (names.test(name) ? value : 0), 0);
}

interface Status {
  checkedAt: string | null;
  activeRun: object | null;
}

/** Somebody with an account of the sandbox's, and the sync that their sign-in begins. */
export class Person {
  readonly #tidemark: Tidemark;
  readonly #client: Client;
  readonly account: string;
  syncId = "";
  #userId = "";

  constructor(tidemark: Tidemark, name: string) {
    this.#tidemark = tidemark;
    this.account = `${name}@contoso.example`;
    this.#client = new Client(tidemark.origin);
  }

  async signIn(): Promise<void> {
    // It ends on a page of the UI, which is not served here.
    await (await this.#client.signIn(this.account)).body?.cancel();
    this.#userId = (await this.#client.get<{ id: string }>("/api/v1/me")).id;
    this.syncId = await this.#client.firstSync();
  }

  /** Waits until the sync has looked at its source after this time, and nothing is under way. */
  async untilChecked(after: number): Promise<void> {
    for (const until = Date.now() + PATIENCE_SECONDS * 1000; Date.now() < until;) {
      const { checkedAt, activeRun } = await this.#client.get<Status>(`/api/v1/syncs/${this.syncId}/status`);
      if (checkedAt !== null && Date.parse(checkedAt) >= after && activeRun === null) return;
      await new Promise((resume) => setTimeout(resume, POLL_MILLISECONDS));
    }
    throw new Error(`The sync of ${this.account} does not end.`);
  }

  /** As if the sync's interval were over. */
  async makeDue(): Promise<void> {
    await this.#tidemark.post(`/_bench/due?user=${this.#userId}`, {});
  }

  /** A run as the clock brings it, to its end. */
  async runBySchedule(): Promise<void> {
    const startedAt = Date.now();
    await this.#tidemark.post("/_bench/wake", { userId: this.#userId, wake: { reason: "schedule" } });
    await this.untilChecked(startedAt);
  }

  get<T>(path: string): Promise<T> {
    return this.#client.get<T>(path);
  }

  async stats(): Promise<{ items: number; files: number; stored: number; failed: number; skipped: number; bytes: number }> {
    const { stats } = await this.#client.get<{ stats: Awaited<ReturnType<Person["stats"]>> }>(`/api/v1/syncs/${this.syncId}`);
    return stats;
  }
}
