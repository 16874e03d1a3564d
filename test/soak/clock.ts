import { vi } from "vitest";

// The clock of a case, which only the case moves. What waits for a timer waits a thousandth of its time.

const TIMER_SHARE = 1000;

export class Clock {
  #now: number;

  constructor(now: number) {
    this.#now = now;
    vi.useFakeTimers({ toFake: ["Date"], now });
  }

  get now(): number {
    return this.#now;
  }

  /** Also backwards, by less than nothing. */
  forward(seconds: number): void {
    this.moveTo(this.#now + seconds * 1000);
  }

  moveTo(at: number): void {
    this.#now = at;
    vi.setSystemTime(at);
  }
}

/** Has nobody log anything. Answers how to undo it. */
export function silence(): () => void {
  const spies = (["info", "warn", "error"] as const).map((level) => vi.spyOn(console, level).mockReturnValue(undefined));
  return () => spies.forEach((spy) => spy.mockRestore());
}

/** Has every timer go off after a thousandth of its time. Answers how to undo that, and to have the true date again. */
export function hasten(): () => void {
  const { setTimeout: timeout, setInterval: interval } = globalThis;
  const wait = scheduler.wait.bind(scheduler);
  const shorter = (milliseconds: unknown) => Math.ceil(Number(milliseconds ?? 0) / TIMER_SHARE);
  const hastened = {
    setTimeout: (work: () => void, milliseconds?: number) => timeout(work, shorter(milliseconds)),
    setInterval: (work: () => void, milliseconds?: number) => interval(work, shorter(milliseconds)),
    scheduler: { wait: (milliseconds: number) => wait(shorter(milliseconds)) },
  };
  vi.stubGlobal("setTimeout", hastened.setTimeout);
  vi.stubGlobal("setInterval", hastened.setInterval);
  vi.stubGlobal("scheduler", hastened.scheduler);
  return () => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  };
}
