// What downloads have used, by sync. In memory: a restart loses a count, no work.

export interface Usage {
  providerRequests: number;
  queueOperations: number;
  storagePuts: number;
}

const NO_USAGE: Usage = { providerRequests: 0, queueOperations: 0, storagePuts: 0 };

export class UsageCounts {
  readonly #bySync = new Map<string, Usage>();

  count(syncId: string, more: Partial<Usage>): void {
    const usage = this.#bySync.get(syncId) ?? NO_USAGE;
    this.#bySync.set(syncId, {
      providerRequests: usage.providerRequests + (more.providerRequests ?? 0),
      queueOperations: usage.queueOperations + (more.queueOperations ?? 0),
      storagePuts: usage.storagePuts + (more.storagePuts ?? 0),
    });
  }

  /** What has been used since it was last asked. */
  take(syncId: string): Usage {
    const usage = this.#bySync.get(syncId) ?? NO_USAGE;
    this.#bySync.delete(syncId);
    return usage;
  }
}
