// The memory of the Worker's own isolate, as V8's inspector tells it: without what plays R2, D1 and the queues.

const SAMPLE_MILLISECONDS = 1_000;
/** An isolate that computes does not answer: that sample is left out. */
const ANSWER_MILLISECONDS = 10_000;

/** Bytes: the heap in use, and the buffers that it refers to. */
interface Usage {
  usedSize: number;
  backingStorageSize?: number;
}

export class Isolate {
  readonly #port: number;
  #socket: Promise<WebSocket> | null = null;
  #asked = 0;

  /** `port`: where the inspector listens, on this machine. */
  constructor(port: number) {
    this.#port = port;
  }

  /** The most that is in use at once while the work goes on, sampled every second, and what is left after it. Bytes. */
  async during(work: () => Promise<void>): Promise<{ peak: number; after: number }> {
    let peak = 0;
    let ended = false;
    const watch = async () => {
      while (!ended) {
        peak = Math.max(peak, await this.#used());
        await new Promise((resume) => setTimeout(resume, SAMPLE_MILLISECONDS));
      }
    };
    const watching = watch();
    try {
      await work();
    } finally {
      ended = true;
      await watching;
    }
    await this.#ask("HeapProfiler.collectGarbage");
    return { peak, after: await this.#used() };
  }

  close(): void {
    void this.#socket?.then((socket) => socket.close()).catch(() => undefined);
    this.#socket = null;
  }

  /** Zero where there is no answer. */
  async #used(): Promise<number> {
    const { usedSize, backingStorageSize } = await this.#ask("Runtime.getHeapUsage");
    return usedSize + (backingStorageSize ?? 0);
  }

  async #ask(method: string): Promise<Usage> {
    const none = { usedSize: 0 };
    const id = (this.#asked += 1);
    try {
      const socket = await (this.#socket ??= this.#connect());
      return await new Promise<Usage>((resolve, reject) => {
        setTimeout(() => reject(new Error("The inspector does not answer in time.")), ANSWER_MILLISECONDS).unref();
        socket.addEventListener("message", function answered({ data }) {
          const answer = JSON.parse(String(data)) as { id?: number; result?: Usage };
          if (answer.id !== id) return;
          socket.removeEventListener("message", answered);
          resolve(answer.result ?? none);
        });
        socket.send(JSON.stringify({ id, method }));
      });
    } catch {
      // The next question has a connection of its own.
      this.close();
      return none;
    }
  }

  async #connect(): Promise<WebSocket> {
    const targets = (await (await fetch(`http://localhost:${this.#port}/json`)).json()) as { webSocketDebuggerUrl: string }[];
    // Answers to origins of this machine only, and a WebSocket of Node names none by itself.
    const options = { headers: { Origin: "http://localhost" } } as unknown as string;
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? "", options);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true });
      socket.addEventListener("error", () => reject(new Error("The inspector does not answer.")), { once: true });
    });
    return socket;
  }
}
