import type { Clock } from "./clock.ts";
import type { Weather } from "./weather.ts";

/** The platform tries an alarm that failed again after this long, doubled each time. */
const RETRY_SECONDS = 2;
const RETRIES_MAX = 6;
const LATE_SECONDS = 90;

/** One object's alarm, as the platform keeps it: outside of the object, and gone while it goes off. */
export class AlarmClock {
  at: number | null = null;
  readonly #weather: Weather;
  readonly #clock: Clock;
  #failures = 0;

  constructor(weather: Weather, clock: Clock) {
    this.#weather = weather;
    this.#clock = clock;
  }

  set(at: number | null): void {
    this.at = at !== null && this.#weather.strikes("alarm.late") ? at + LATE_SECONDS * 1000 : at;
  }

  /** Goes off. An alarm whose object dies of it comes again, six times. */
  async goOff(work: () => Promise<void>): Promise<void> {
    this.at = null;
    if (this.#weather.strikes("alarm.lost")) return;
    try {
      await work();
      if (this.#weather.strikes("alarm.twice")) await work();
      this.#failures = 0;
    } catch {
      this.#failures += 1;
      if (this.#failures > RETRIES_MAX) this.#failures = 0;
      else this.at ??= this.#clock.now + RETRY_SECONDS * 2 ** (this.#failures - 1) * 1000;
    }
  }
}
