import type { Outcome } from "./case.ts";
import { FAULT_KINDS } from "./weather.ts";

const TELL_SECONDS = 15;

/** Counts what was played, and tells of it now and then. */
export class Progress {
  readonly #startedAt: number;
  readonly #struck = new Map<string, number>();
  #toldAt = 0;
  #cases = 0;
  #operations = 0;
  #hoursMax = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  add(outcome: Outcome): void {
    this.#cases += 1;
    this.#operations += outcome.operations;
    this.#hoursMax = Math.max(this.#hoursMax, outcome.hours);
    for (const [kind, count] of outcome.struck) this.#struck.set(kind, (this.#struck.get(kind) ?? 0) + count);
    if (this.seconds - this.#toldAt > TELL_SECONDS) this.tell();
  }

  tell(): void {
    this.#toldAt = this.seconds;
    const faults = FAULT_KINDS.map((kind) => `${kind} ${this.#struck.get(kind) ?? 0}`).join(", ");
    console.log(
      `${Math.round(this.seconds)} s: ${this.#cases} cases, ${this.#operations} operations, true after ${this.#hoursMax} h at most; faults: ${faults}`,
    );
  }

  neverStruck(): string[] {
    return FAULT_KINDS.filter((kind) => !this.#struck.has(kind));
  }
}
