import type { Section } from "../report.ts";
import type { Tidemark } from "../tidemark.ts";

// How fast workerd hashes. Its clock stands still while it computes, so that it is measured from here.

const TIMES = 128;
const ROUNDS = 3;
const ALGORITHMS = ["quickXorHash", "SHA-256"] as const;

export async function hashes({ origin }: Tidemark): Promise<Section> {
  const fastest = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const algorithm of ALGORITHMS) {
      // Of two lengths, what the longer one takes more: making the bytes takes time too.
      const short = await secondsFor(origin, algorithm, 1);
      const long = await secondsFor(origin, algorithm, 1 + TIMES);
      const rate = (long.bytes - short.bytes) / (long.seconds - short.seconds) / 1e9;
      fastest.set(algorithm, Math.max(rate, fastest.get(algorithm) ?? 0));
    }
  }
  const figures = ALGORITHMS.map((algorithm) => ({ name: algorithm, value: fastest.get(algorithm) ?? 0, unit: "GB/s" }));
  return { title: `hashes in workerd, the best of ${ROUNDS}`, figures };
}

async function secondsFor(origin: string, algorithm: string, times: number): Promise<{ bytes: number; seconds: number }> {
  const startedAt = performance.now();
  const { bytes } = (await (await fetch(`${origin}/_bench/hash?with=${algorithm}&times=${times}`)).json()) as { bytes: number };
  return { bytes, seconds: (performance.now() - startedAt) / 1000 };
}
