// How fast a sync's downloads go, measured over the last half minute. Lives in memory: after a restart it is not known.

const WINDOW_MILLISECONDS = 30_000;
const RECENT_MAX = 5;

interface Sample {
  at: number;
  files: number;
  bytes: number;
}

export class Pace {
  #samples: Sample[] = [];
  /** Paths of the files that were stored last, newest first. */
  recent: string[] = [];

  note(at: number, files: number, bytes: number, paths: readonly string[]): void {
    this.#samples.push({ at, files, bytes });
    this.recent = [...paths.toReversed(), ...this.recent].slice(0, RECENT_MAX);
  }

  /** Files and bytes a second; zero while nothing has been measured. */
  rate(now: number): { filesPerSecond: number; bytesPerSecond: number } {
    this.#samples = this.#samples.filter((sample) => now - sample.at < WINDOW_MILLISECONDS);
    const first = this.#samples[0];
    if (!first) return { filesPerSecond: 0, bytesPerSecond: 0 };
    const seconds = Math.max(1, (now - first.at) / 1000);
    const total = (field: "files" | "bytes") => this.#samples.reduce((sum, sample) => sum + sample[field], 0);
    return { filesPerSecond: total("files") / seconds, bytesPerSecond: total("bytes") / seconds };
  }
}
