// The memory of the Worker's own isolate, as V8's inspector tells it: without what plays R2, D1 and the queues.

const SAMPLE_MILLISECONDS = 1_000;

/** Bytes: the heap in use, and the buffers that it refers to. */
interface Usage {
  usedSize: number;
  backingStorageSize?: number;
}

export class Isolate {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (usage: Usage) => void>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result } = JSON.parse(String(data)) as { id?: number; result?: Usage };
      if (id === undefined) return;
      this.#answers.get(id)?.(result ?? { usedSize: 0 });
      this.#answers.delete(id);
    });
  }

  static async connect(port: number): Promise<Isolate> {
    const targets = (await (await fetch(`http://localhost:${port}/json`)).json()) as { webSocketDebuggerUrl: string }[];
    // Answers to origins of this machine only, and a WebSocket of Node names none by itself.
    const headers = { headers: { Origin: "http://localhost" } } as unknown as string;
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "", headers);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("The inspector does not answer.")), { once: true });
    });
    return new Isolate(socket);
  }

  /** The most that is in use at once while the work goes on, sampled every second, and what is left after it. Bytes. */
  async during(work: () => Promise<void>): Promise<{ peak: number; after: number }> {
    let peak = 0;
    const sample = async () => {
      peak = Math.max(peak, await this.#used());
    };
    const timer = setInterval(() => void sample(), SAMPLE_MILLISECONDS);
    try {
      await work();
      await sample();
    } finally {
      clearInterval(timer);
    }
    await this.#ask("HeapProfiler.collectGarbage");
    return { peak, after: await this.#used() };
  }

  close(): void {
    this.#socket.close();
  }

  async #used(): Promise<number> {
    const { usedSize, backingStorageSize } = await this.#ask("Runtime.getHeapUsage");
    return usedSize + (backingStorageSize ?? 0);
  }

  #ask(method: string): Promise<Usage> {
    const id = (this.#asked += 1);
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }
}
