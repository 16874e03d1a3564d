import type { Sql } from "./sql.ts";
import type { DeliveryState, EndpointState, MailState } from "./user-sync-schema.ts";

// Endpoints, what is on its way to them, and mail that waits.

const ENDPOINT = `id, url, description, events, disabled_because AS disabledBecause, sealed, old_sealed AS oldSealed,
  old_until AS oldUntil, failing_since AS failingSince, created_at AS createdAt`;
const DELIVERY = `id, endpoint_id AS endpointId, event_id AS eventId, type, body, status, created_at AS createdAt, due_at AS dueAt,
  tries, attempts`;
const MAIL = "matter, mail, due_at AS dueAt, tries, told_at AS toldAt";

export class NoticeStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  endpoints(): EndpointState[] {
    return this.#sql.all<EndpointRow>(`SELECT ${ENDPOINT} FROM endpoints ORDER BY created_at, id`).map(toEndpoint);
  }

  endpoint(id: string): EndpointState | null {
    const row = this.#sql.one<EndpointRow>(`SELECT ${ENDPOINT} FROM endpoints WHERE id = ?`, id);
    return row && toEndpoint(row);
  }

  insertEndpoint({ id, url, description, events, sealed, createdAt }: EndpointState): void {
    this.#sql.run(
      "INSERT INTO endpoints (id, url, description, events, sealed, created_at) VALUES (?, ?, ?, ?, ?, ?)",
      id,
      url,
      description,
      JSON.stringify(events),
      sealed,
      createdAt,
    );
  }

  updateEndpoint(id: string, patch: Partial<Omit<EndpointState, "id">>): void {
    this.#sql.update("endpoints", patch, "id = ?", id);
  }

  /** With what was on its way to it. */
  deleteEndpoint(id: string): void {
    this.#sql.run("DELETE FROM deliveries WHERE endpoint_id = ?", id);
    this.#sql.run("DELETE FROM endpoints WHERE id = ?", id);
  }

  insertDelivery({ endpointId, id, eventId, type, body, createdAt, dueAt }: Omit<DeliveryState, "status" | "tries" | "attempts">): void {
    this.#sql.run(
      "INSERT INTO deliveries (endpoint_id, id, event_id, type, body, created_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
      endpointId,
      id,
      eventId,
      type,
      body,
      createdAt,
      dueAt,
    );
  }

  delivery(endpointId: string, id: string): DeliveryState | null {
    const row = this.#sql.one<DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE endpoint_id = ? AND id = ?`, endpointId, id);
    return row && toDelivery(row);
  }

  /** Newest first, those before `before`. */
  deliveries(endpointId: string, limit: number, before: string): DeliveryState[] {
    return this.#sql
      .all<DeliveryRow>(
        `SELECT ${DELIVERY} FROM deliveries WHERE endpoint_id = ? AND id < ? ORDER BY id DESC LIMIT ?`,
        endpointId,
        before,
        limit,
      )
      .map(toDelivery);
  }

  updateDelivery({ endpointId, id }: Pick<DeliveryState, "endpointId" | "id">, patch: Partial<DeliveryState>): void {
    this.#sql.update("deliveries", patch, "endpoint_id = ? AND id = ?", endpointId, id);
  }

  /** Forgets the oldest that are over, but for so many, and all that are from before. */
  trimDeliveries(endpointId: string, kept: number, before: number): void {
    this.#sql.run(
      `DELETE FROM deliveries WHERE endpoint_id = ?1 AND status <> 'pending' AND (created_at < ?2 OR id <= ifnull(
         (SELECT id FROM deliveries WHERE endpoint_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3), ''))`,
      endpointId,
      before,
      kept,
    );
  }

  /** Gives up what waits for an endpoint. */
  failPending(endpointId: string): void {
    this.#sql.run("UPDATE deliveries SET status = 'failed', due_at = NULL WHERE endpoint_id = ? AND status = 'pending'", endpointId);
  }

  dueDeliveries(now: number, limit: number): DeliveryState[] {
    return this.#sql
      .all<DeliveryRow>(`SELECT ${DELIVERY} FROM deliveries WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
      .map(toDelivery);
  }

  mail(matter: string): MailState | null {
    const row = this.#sql.one<MailRow>(`SELECT ${MAIL} FROM mails WHERE matter = ?`, matter);
    return row && toMail(row);
  }

  saveMail({ matter, mail, dueAt, tries, toldAt }: MailState): void {
    this.#sql.run(
      "INSERT OR REPLACE INTO mails (matter, mail, due_at, tries, told_at) VALUES (?, ?, ?, ?, ?)",
      matter,
      JSON.stringify(mail),
      dueAt,
      tries,
      toldAt,
    );
  }

  updateMail(matter: string, patch: Partial<Omit<MailState, "matter">>): void {
    this.#sql.update("mails", patch, "matter = ?", matter);
  }

  /** Forgets matters of which nothing waits and that were told before. */
  trimMails(before: number): void {
    this.#sql.run("DELETE FROM mails WHERE due_at IS NULL AND ifnull(told_at, 0) < ?", before);
  }

  dueMails(now: number, limit: number): MailState[] {
    return this.#sql
      .all<MailRow>(`SELECT ${MAIL} FROM mails WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?`, now, limit)
      .map(toMail);
  }

  /** When the first of all is due; null where nothing waits. */
  dueAt(): number | null {
    const row = this.#sql.one<{ at: number | null }>(
      `SELECT min(at) AS at FROM (SELECT min(due_at) AS at FROM deliveries WHERE due_at IS NOT NULL UNION ALL SELECT min(due_at) FROM mails)`,
    );
    return row?.at ?? null;
  }

  failedRuns(syncId: string): number {
    return this.#sql.one<{ runs: number }>("SELECT runs FROM failing_syncs WHERE sync_id = ?", syncId)?.runs ?? 0;
  }

  countFailedRun(syncId: string): void {
    this.#sql.run("INSERT INTO failing_syncs (sync_id, runs) VALUES (?, 1) ON CONFLICT (sync_id) DO UPDATE SET runs = runs + 1", syncId);
  }

  forgetFailedRuns(syncId: string): void {
    this.#sql.run("DELETE FROM failing_syncs WHERE sync_id = ?", syncId);
  }
}

type EndpointRow = Omit<EndpointState, "events"> & { events: string };
type DeliveryRow = Omit<DeliveryState, "attempts"> & { attempts: string };
type MailRow = Omit<MailState, "mail"> & { mail: string };

function toEndpoint(row: EndpointRow): EndpointState {
  return { ...row, events: JSON.parse(row.events) as EndpointState["events"] };
}

function toDelivery(row: DeliveryRow): DeliveryState {
  return { ...row, attempts: JSON.parse(row.attempts) as DeliveryState["attempts"] };
}

function toMail(row: MailRow): MailState {
  return { ...row, mail: JSON.parse(row.mail) as MailState["mail"] };
}
