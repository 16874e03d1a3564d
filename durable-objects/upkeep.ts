import { errorFields } from "../worker/log.ts";
import { accountIsDue, stepAccount } from "./account.ts";
import type { Engine } from "./engine.ts";
import { isPurgeDue, stepPurge } from "./purge.ts";
import { stepRestoring } from "./restore.ts";

// What is done for what is already here, and asks no source: also where a sync is paused or its connection is dead.

/** After a step that the catalogue or the bucket did not take; doubled each time. */
const RETRY_SECONDS = 5;
const RETRY_SECONDS_MAX = 300;

export class Upkeep {
  readonly #engine: Engine;
  #failures = 0;
  #notBefore = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** One step: of the folders that are being restored, or of what the bucket keeps of the account. */
  step(): Promise<boolean> {
    return this.#try(async () => (await stepRestoring(this.#engine)) || stepAccount(this.#engine));
  }

  /** One step of the purge that is due. */
  purge(): Promise<boolean> {
    return this.#try(() => stepPurge(this.#engine));
  }

  /** When the next step is due; null where nothing waits. */
  nextAt(): number | null {
    const { store, now } = this.#engine;
    const isDue = store.restorations.isUnderWay() || isPurgeDue(this.#engine) || accountIsDue(this.#engine);
    return isDue ? Math.max(now(), this.#notBefore) : null;
  }

  async #try(step: () => Promise<boolean>): Promise<boolean> {
    const { now, catalogueLock, log } = this.#engine;
    if (now() < this.#notBefore) return false;
    try {
      const stepped = await catalogueLock.hold(step);
      if (stepped) this.#failures = 0;
      return stepped;
    } catch (error) {
      this.#notBefore = now() + Math.min(RETRY_SECONDS * 2 ** this.#failures, RETRY_SECONDS_MAX) * 1000;
      this.#failures += 1;
      log.error("upkeep.failed", errorFields(error));
      return false;
    }
  }
}
