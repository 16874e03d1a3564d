import type { JobLease } from "../worker/sync/job.ts";
import { LEASE_SECONDS } from "../worker/sync/job.ts";
import type { UserSyncStore } from "./user-sync-store.ts";

// Which jobs are out, in the queue or with a consumer. In memory alone: after a restart they are sent again, once
// consumers that are still at work had time to be heard of.

/** A job whose message no consumer took up is sent again after this long, doubled each time. */
export const RESEND_SECONDS = 60;
const RESEND_SECONDS_MAX = 900;
/** After a restart, consumers that are still at work are heard of within this time. */
const LISTEN_SECONDS = 15;
/** Since when that is waited for, while it is: an object without calls is out of memory before the time is up. */
const LISTENING_SETTING = "listening_since";

export type Leased = Extract<JobLease, { kind: "leased" }>;

interface Flight {
  syncId: string;
  sentAt: number;
  heardAt: number | null;
  sends: number;
  /** The lease as it was answered, until its consumer is heard of: an answer may be lost on its way. */
  answered?: { requestId: string; lease: Leased };
}

export class Flights {
  readonly #store: UserSyncStore;
  readonly #now: () => number;
  readonly #listeningSince: number;
  #listeningNoted: boolean;
  readonly #flights = new Map<string, Flight>();

  constructor(store: UserSyncStore, now: () => number) {
    this.#store = store;
    this.#now = now;
    const since = Number(store.setting(LISTENING_SETTING) ?? 0);
    this.#listeningNoted = since > 0;
    this.#listeningSince = since > 0 ? since : now();
  }

  get size(): number {
    return this.#flights.size;
  }

  /** Those that are not overdue. */
  underWay(): Flight[] {
    return [...this.#flights.values()].filter((flight) => !this.#isOverdue(flight));
  }

  sent(jobId: string, syncId: string): void {
    const sends = (this.#flights.get(jobId)?.sends ?? 0) + 1;
    this.#flights.set(jobId, { syncId, sentAt: this.#now(), heardAt: null, sends });
  }

  /** A consumer is at this job. */
  heard(jobId: string, syncId: string, answered?: Flight["answered"]): void {
    if (this.#listeningNoted) this.#noteListening(0);
    const flight = this.#flights.get(jobId);
    this.#flights.set(jobId, {
      syncId,
      sentAt: flight?.sentAt ?? this.#now(),
      heardAt: this.#now(),
      sends: flight?.sends ?? 1,
      ...(answered && { answered }),
    });
  }

  forget(jobId: string): void {
    this.#flights.delete(jobId);
  }

  mayBeSent(job: { id: string; leased: number }): boolean {
    const flight = this.#flights.get(job.id);
    if (flight) return this.#isOverdue(flight);
    if (job.leased === 0 || this.#now() - this.#listeningSince >= LISTEN_SECONDS * 1000) return true;
    if (!this.#listeningNoted) this.#noteListening(this.#listeningSince);
    return false;
  }

  /** When this job is next worth a look; null where it is not out, nor believed to be. */
  dueAt(job: { id: string; leased: number }): number | null {
    const flight = this.#flights.get(job.id);
    if (flight) return this.#overdueAt(flight);
    return job.leased ? this.#listeningSince + LISTEN_SECONDS * 1000 : null;
  }

  isOut(jobId: string): boolean {
    return this.#flights.has(jobId);
  }

  /** The lease that this consumer was given already, and may not have got. */
  answeredTo(job: { id: string; lease: number }, requestId: string): Leased | null {
    const answered = this.#flights.get(job.id)?.answered;
    return answered?.requestId === requestId && answered.lease.lease === job.lease ? answered.lease : null;
  }

  /** Whether a consumer, as far as is known, is still at this job. */
  isHeld(job: { id: string; leased: number }): boolean {
    const heardAt = this.#flights.get(job.id)?.heardAt;
    if (heardAt != null) return this.#now() - heardAt < LEASE_SECONDS * 1000;
    return job.leased === 1 && this.#now() - this.#listeningSince < LISTEN_SECONDS * 1000;
  }

  #isOverdue(flight: Flight): boolean {
    return this.#now() >= this.#overdueAt(flight);
  }

  #overdueAt(flight: Flight): number {
    if (flight.heardAt !== null) return flight.heardAt + LEASE_SECONDS * 1000;
    return flight.sentAt + Math.min(RESEND_SECONDS * 2 ** (flight.sends - 1), RESEND_SECONDS_MAX) * 1000;
  }

  /** Survives this object until a consumer was heard of, which is 0: the next one need not wait from the beginning. */
  #noteListening(since: number): void {
    this.#store.saveSetting(LISTENING_SETTING, String(since));
    this.#listeningNoted = since > 0;
  }
}
