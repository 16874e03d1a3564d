// How fast a sync's downloads go. Lives in memory: after a restart it is not known.

/** What is shown as the rate now is measured over this time. */
const WINDOW_MILLISECONDS = 30_000;
/** What is foretold rests on a longer memory: settlements come in bursts. After this time a sample counts a third. */
const MEMORY_MILLISECONDS = 120_000;
/** A rate that was last measured longer ago says nothing about what comes. */
const STALE_MILLISECONDS = 600_000;
/** Paths of the files that were stored last. */
const RECENT_MAX = 5;

interface Sample {
  at: number;
  files: number;
  bytes: number;
}

export interface Rate {
  filesPerSecond: number;
  bytesPerSecond: number;
}

const NO_RATE: Rate = { filesPerSecond: 0, bytesPerSecond: 0 };

export class Pace {
  #samples: Sample[] = [];
  /** Since when the work goes on; null while it rests. */
  #since: number | null = null;
  /** Files, bytes and milliseconds up to the last sample, older ones counting less. */
  #sums = { at: 0, files: 0, bytes: 0, milliseconds: 0 };
  /** Paths of the files that were stored last, newest first. */
  recent: string[] = [];

  /** Work is under way from now on, if it was not before. */
  begin(at: number): void {
    if (this.#since !== null) return;
    this.#since = at;
    this.#sums = { at, files: 0, bytes: 0, milliseconds: 0 };
  }

  /** There is nothing to do: the time until there is does not count. */
  rest(): void {
    this.#since = null;
  }

  note(at: number, files: number, bytes: number, paths: readonly string[]): void {
    this.begin(at);
    this.#samples.push({ at, files, bytes });
    const passed = Math.max(0, at - this.#sums.at);
    const kept = Math.exp(-passed / MEMORY_MILLISECONDS);
    // What a sample brings has come over all the time since the one before: it is as old as that, on the average.
    const milliseconds = MEMORY_MILLISECONDS * (1 - kept);
    const weight = passed > 0 ? milliseconds / passed : 1;
    this.#sums = {
      at,
      files: this.#sums.files * kept + files * weight,
      bytes: this.#sums.bytes * kept + bytes * weight,
      milliseconds: this.#sums.milliseconds * kept + milliseconds,
    };
    this.recent = [...paths.toReversed(), ...this.recent].slice(0, RECENT_MAX);
  }

  /** Files and bytes a second in the last half minute; zero while nothing has been measured. */
  rate(now: number): Rate {
    this.#samples = this.#samples.filter((sample) => now - sample.at < WINDOW_MILLISECONDS);
    const [first] = this.#samples;
    if (!first) return NO_RATE;
    const from = Math.max(now - WINDOW_MILLISECONDS, Math.min(this.#since ?? first.at, first.at));
    return perSecond(this.#samples, now - from);
  }

  /** The rate that is to be expected, by what was measured lately; null while that is not enough. */
  expected(now: number): Rate | null {
    if (this.#since === null || this.#sums.milliseconds === 0 || now - this.#sums.at > STALE_MILLISECONDS) return null;
    return perSecond([this.#sums], this.#sums.milliseconds);
  }
}

function perSecond(samples: readonly { files: number; bytes: number }[], milliseconds: number): Rate {
  const seconds = Math.max(1, milliseconds / 1000);
  const total = (field: "files" | "bytes") => samples.reduce((sum, sample) => sum + sample[field], 0);
  return { filesPerSecond: total("files") / seconds, bytesPerSecond: total("bytes") / seconds };
}
