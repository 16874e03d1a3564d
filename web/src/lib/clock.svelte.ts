import { createSubscriber } from "svelte/reactivity";

const TICK_MS = 10_000;

let now = new Date();

const subscribe = createSubscriber((update) => {
  now = new Date();
  const timer = setInterval(() => {
    now = new Date();
    update();
  }, TICK_MS);
  return () => clearInterval(timer);
});

/** The time, to ten seconds; what reads it is drawn again as it passes. */
export function currentTime(): Date {
  subscribe();
  return now;
}
