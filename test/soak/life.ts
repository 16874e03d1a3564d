import type { Clock } from "./clock.ts";
import type { FaultKind, Weather } from "./weather.ts";

/**
 * One instance of an object, or one run of a consumer: it ends somewhere between two of its calls to the outside, and
 * nothing that it does afterwards reaches anybody.
 */
export interface Life {
  weather: Weather;
  clock: Clock;
  /** Makes a call to the outside, unless this life ends before it, or right after. */
  through<T>(call: () => Promise<T>): Promise<T>;
}

/** A life that ends by `end`, which must never be answered: at the strike of the first kind before a call, of the second after it. */
export function mortal(weather: Weather, clock: Clock, kinds: { before: FaultKind; after: FaultKind }, end: () => Promise<never>): Life {
  let over = false;
  const die = () => {
    over = true;
    return end();
  };
  return {
    weather,
    clock,
    async through(call) {
      if (over || weather.strikes(kinds.before)) return die();
      const outcome = await settle(call);
      if (over || weather.strikes(kinds.after)) return die();
      if ("error" in outcome) throw outcome.error;
      return outcome.answer;
    },
  };
}

async function settle<T>(call: () => Promise<T>): Promise<{ answer: T } | { error: unknown }> {
  try {
    return { answer: await call() };
  } catch (error) {
    return { error };
  }
}
