import { changesKept } from "../worker/db/changes.ts";
import { timeId } from "../worker/ids.ts";
import { errorFields } from "../worker/log.ts";
import type { LeasedNotice, MailMatter, NoticeMessage, NoticeOutcome, NoticeRef } from "../worker/notices/message.ts";
import { isDead, retrySeconds } from "../worker/notices/retry.ts";
import { canSendMail } from "../worker/notices/sender.ts";
import { afterNumber, encodePlace } from "../worker/sync/changes.ts";
import type { NoticeEvent } from "../worker/wire/webhooks.ts";
import { createVault } from "../worker/vault.ts";
import type { Engine } from "./engine.ts";
import { mailAddress, wantsMail } from "./mail-settings.ts";
import type { DeliveryState, EndpointState, MailState } from "./user-sync-schema.ts";

// The outbox: what programs and people are to be told, noted in the transaction of what happened, and drained by the alarm.
// A queue carries the names to a consumer, which asks for the notice, sends it, and says what came of it: a receiver that
// takes its time holds up no sync. The queue may lose or repeat anything; what is not settled is sent again.

/** Names put into the queue at once. */
const DISPATCHED_MAX = 50;
/** What was sent and not heard of is sent again after this long: an attempt takes 15 seconds, and a queue may be busy. */
const RESEND_SECONDS = 180;
/** Before what the queue did not take is offered again; doubled each time. */
const RETRY_SECONDS = 5;
const RETRY_SECONDS_MAX = 300;
/** Of each endpoint the newest deliveries are kept, for so long. */
const DELIVERIES_KEPT = 200;
const DELIVERIES_KEPT_MILLISECONDS = 30 * 86_400_000;
const ATTEMPTS_KEPT = 20;
/** One mail a matter in this time. */
const MAIL_EVERY_MILLISECONDS = 86_400_000;
/** So many runs that fail one after another are worth a mail: one may be a bad hour of the source's. */
export const FAILED_RUNS_TOLD = 3;
/** Changes that come within this time are told by one event. */
const CHANGES_GATHER_SECONDS = 60;

/** When the change stream is to be looked at, and the number of its row that was told last. */
const CHANGES_DUE_SETTING = "changes_due";
const CHANGES_TOLD_SETTING = "changes_told";

export class Notices {
  readonly #engine: Omit<Engine, "notices">;
  /** What consumers are at: a message that comes twice is heeded once. */
  readonly #leased = new Map<string, number>();
  /** Whether any endpoint wants to hear of changes; null where that is not known. */
  #wantsChanges: boolean | null = null;
  #failures = 0;
  #notBefore = 0;

  constructor(engine: Omit<Engine, "notices">) {
    this.#engine = engine;
  }

  /** Notes an event for every endpoint that wants it. To be called in the transaction of what happened. */
  tell(event: NoticeEvent): void {
    this.#tell(
      event,
      this.#engine.store.notices.endpoints().filter(({ events }) => event.type !== "webhook.test" && events.includes(event.type)),
    );
  }

  /** Notes an event for one endpoint; answers the delivery. */
  tellOne(event: NoticeEvent, endpoint: EndpointState): DeliveryState | null {
    const [id] = this.#tell(event, [endpoint]);
    return id === undefined ? null : this.#engine.store.notices.delivery(endpoint.id, id);
  }

  #tell(event: NoticeEvent, endpoints: readonly EndpointState[]): string[] {
    const { store, now } = this.#engine;
    const at = now();
    const eventId = `evt_${timeId(at)}`;
    const body = JSON.stringify({ type: event.type, timestamp: new Date(at).toISOString(), data: event.data });
    return endpoints
      .filter(({ disabledBecause }) => disabledBecause === null)
      .map(({ id: endpointId }) => {
        const id = timeId(at);
        store.notices.insertDelivery({ endpointId, id, eventId, type: event.type, body, createdAt: at, dueAt: at });
        store.notices.trimDeliveries(endpointId, DELIVERIES_KEPT, at - DELIVERIES_KEPT_MILLISECONDS);
        return id;
      });
  }

  /**
   * Notes a mail about a matter, where the person wants it and it can be sent: at once, or a day after the last one, if the
   * matter still stands then. To be called in the transaction of what happened.
   */
  mail(mail: MailMatter): void {
    const { store, now, env } = this.#engine;
    if (!canSendMail(env) || !wantsMail(store, mail)) return;
    const matter = matterOf(mail);
    const known = store.notices.mail(matter);
    const dueAt = known?.dueAt ?? Math.max(now(), (known?.toldAt ?? 0) + MAIL_EVERY_MILLISECONDS);
    store.notices.trimMails(now() - MAIL_EVERY_MILLISECONDS);
    store.notices.saveMail({ matter, mail, dueAt, tries: known?.tries ?? 0, toldAt: known?.toldAt ?? null });
  }

  /** Sends a mail that a person asked for, however recent the last one of its matter. */
  mailNow(mail: MailMatter): void {
    const { store, now } = this.#engine;
    store.notices.saveMail({ matter: matterOf(mail), mail, dueAt: now(), tries: 0, toldAt: null });
  }

  /** Items are about to change: noted before the catalogue is written, so that no crash can hide it. */
  changesCome(): void {
    const { store, now } = this.#engine;
    this.#wantsChanges ??= this.#wanting().length > 0;
    if (!this.#wantsChanges || store.setting(CHANGES_DUE_SETTING)) return;
    store.saveSetting(CHANGES_DUE_SETTING, String(now() + CHANGES_GATHER_SECONDS * 1000));
  }

  /** Before an endpoint comes to want changes: the first that does hears of those from now on. */
  async followChanges(endpointId: string): Promise<void> {
    const { store, userId } = this.#engine;
    if (this.#wanting().some(({ id }) => id !== endpointId)) return;
    const { newest } = await changesKept(this.#engine.db(), userId);
    store.saveSetting(CHANGES_TOLD_SETTING, String(newest ?? 0));
  }

  /** An endpoint came, went, or wants other events. */
  endpointsChanged(): void {
    this.#wantsChanges = null;
  }

  #wanting(): EndpointState[] {
    const { notices } = this.#engine.store;
    return notices.endpoints().filter(({ events, disabledBecause }) => disabledBecause === null && events.includes("changes"));
  }

  /** Puts what is due into the queue. True where something was done. Never fails: what the queue does not take waits. */
  async step(): Promise<boolean> {
    const { now, log } = this.#engine;
    if ((this.nextAt() ?? Infinity) > now()) return false;
    try {
      const told = await this.#tellChanges();
      const sent = await this.#dispatch();
      this.#failures = 0;
      return told || sent;
    } catch (error) {
      this.#notBefore = now() + Math.min(RETRY_SECONDS * 2 ** this.#failures, RETRY_SECONDS_MAX) * 1000;
      this.#failures += 1;
      log.error("notices.failed", errorFields(error));
      return false;
    }
  }

  /** When the alarm is next needed for it; null where nothing waits. */
  nextAt(): number | null {
    const { store } = this.#engine;
    const changesAt = store.setting(CHANGES_DUE_SETTING);
    const times = [store.notices.dueAt(), changesAt ? Number(changesAt) : null].filter((at) => at !== null);
    return times.length > 0 ? Math.max(this.#notBefore, Math.min(...times)) : null;
  }

  /** Whether the stream has grown says the stream itself: a step that was noted may have changed nothing. */
  async #tellChanges(): Promise<boolean> {
    const { store, now, userId, catalogueLock } = this.#engine;
    const dueAt = store.setting(CHANGES_DUE_SETTING);
    if (!dueAt || Number(dueAt) > now()) return false;
    await catalogueLock.hold(async () => {
      const { newest } = await changesKept(this.#engine.db(), userId);
      const told = Number(store.setting(CHANGES_TOLD_SETTING) ?? 0);
      store.transaction(() => {
        store.saveSetting(CHANGES_DUE_SETTING, "");
        if (newest === null || newest <= told) return;
        store.saveSetting(CHANGES_TOLD_SETTING, String(newest));
        this.tell({ type: "changes", data: { cursor: encodePlace(afterNumber(told)) } });
      });
    });
    return true;
  }

  async #dispatch(): Promise<boolean> {
    const { store, now, env, userId } = this.#engine;
    const deliveries = store.notices.dueDeliveries(now(), DISPATCHED_MAX);
    const mails = store.notices.dueMails(now(), DISPATCHED_MAX);
    if (deliveries.length + mails.length === 0) return false;
    const refs = [...deliveries.map(refOfDelivery), ...mails.map(refOfMail)];
    const messages: { body: NoticeMessage }[] = refs.map((notice) => ({ body: { userId, notice } }));
    await env.NOTICES.sendBatch(messages);
    const dueAt = now() + RESEND_SECONDS * 1000;
    store.transaction(() => {
      for (const delivery of deliveries) store.notices.updateDelivery(delivery, { dueAt });
      for (const { matter } of mails) store.notices.updateMail(matter, { dueAt });
    });
    return true;
  }

  /** Hands out notices to a consumer: those that still are to be sent, and that none is at. */
  async lease(refs: readonly NoticeRef[]): Promise<LeasedNotice[]> {
    const leased: LeasedNotice[] = [];
    for (const ref of refs) {
      const key = `${ref.channel} ${ref.id}`;
      if ((this.#leased.get(key) ?? 0) > this.#engine.now()) continue;
      this.#leased.set(key, this.#engine.now() + RESEND_SECONDS * 1000);
      const notice = ref.channel === "webhook" ? await this.#leaseWebhook(ref) : this.#leaseMail(ref);
      if (notice) leased.push(notice);
      else this.#leased.delete(key);
    }
    return leased;
  }

  async #leaseWebhook(ref: NoticeRef): Promise<LeasedNotice | null> {
    const { store, now, log } = this.#engine;
    const delivery = this.#delivery(ref);
    const endpoint = delivery && store.notices.endpoint(delivery.endpointId);
    if (!endpoint) return null;
    try {
      const secrets = [await this.#secret(endpoint, "sealed", endpoint.sealed)];
      const { oldSealed, oldUntil } = endpoint;
      if (oldSealed !== null && (oldUntil ?? 0) > now()) secrets.push(await this.#secret(endpoint, "oldSealed", oldSealed));
      return { ref, channel: "webhook", url: endpoint.url, secrets, eventId: delivery.eventId, body: delivery.body };
    } catch (error) {
      log.error("webhook.secret_lost", { endpointId: endpoint.id, ...errorFields(error) });
      const answer = "Its secret could not be opened here. Give it a new one.";
      const attempt = { at: new Date(now()).toISOString(), statusCode: null, durationMilliseconds: 0, answer };
      this.settle({ ref, outcome: "failed", attempt, retryAfterSeconds: null });
      return null;
    }
  }

  /** Under a new master key, what an older one sealed is sealed again when it is next used. */
  async #secret({ id }: EndpointState, field: "sealed" | "oldSealed", sealed: string): Promise<string> {
    const { store, env, userId } = this.#engine;
    const vault = createVault(env);
    const context = { userId, connectionId: id };
    const { secret } = await vault.open<{ secret: string }>(context, sealed);
    if (vault.isCurrent(sealed)) return secret;
    const current = await vault.seal(context, { secret });
    if (store.notices.endpoint(id)?.[field] === sealed) store.notices.updateEndpoint(id, { [field]: current });
    return secret;
  }

  #leaseMail(ref: NoticeRef): LeasedNotice | null {
    const { store } = this.#engine;
    const mail = this.#mailOf(ref);
    if (!mail) return null;
    const to = mailAddress(store, mail.mail);
    if (to === null || !wantsMail(store, mail.mail) || !this.#stands(mail.mail)) {
      // What was settled meanwhile is not told any more.
      store.notices.updateMail(mail.matter, { dueAt: null, tries: 0 });
      return null;
    }
    return { ref, channel: "mail", to, matter: mail.mail, homeShard: Number(store.setting("homeShard") ?? 0) };
  }

  /** Whether what a mail is about still needs the person. */
  #stands(mail: MailMatter): boolean {
    const { store } = this.#engine;
    switch (mail.kind) {
      case "reconnect":
        return store.connection(mail.subjectId)?.status === "needs_reconnect";
      case "held":
        return store.sync(mail.subjectId)?.heldOpen === 1;
      case "failing":
        return store.sync(mail.subjectId) !== null && store.notices.failedRuns(mail.subjectId) >= FAILED_RUNS_TOLD;
      case "quota":
        return store.syncs().some((sync) => sync.quotaReachedAt !== null);
      case "webhooks":
        return (store.notices.endpoint(mail.subjectId)?.disabledBecause ?? null) !== null;
      case "confirm":
        return true;
    }
  }

  /** What came of an attempt. One that was heard of already, or is over, changes nothing. */
  settle({ ref, outcome, attempt, retryAfterSeconds }: NoticeOutcome): void {
    const { store } = this.#engine;
    this.#leased.delete(`${ref.channel} ${ref.id}`);
    store.transaction(() => {
      const delivery = ref.channel === "webhook" ? this.#delivery(ref) : null;
      const mail = ref.channel === "mail" ? this.#mailOf(ref) : null;
      if (delivery) this.#settleDelivery(delivery, outcome, attempt, retryAfterSeconds);
      if (mail) this.#settleMail(mail, outcome === "delivered");
    });
  }

  #settleDelivery(
    delivery: DeliveryState,
    outcome: NoticeOutcome["outcome"],
    attempt: NoticeOutcome["attempt"],
    retryAfter: number | null,
  ): void {
    const { store, now, random, log } = this.#engine;
    const attempts = [...delivery.attempts, attempt].slice(-ATTEMPTS_KEPT);
    const endpoint = store.notices.endpoint(delivery.endpointId);
    if (!endpoint) return;
    if (outcome === "delivered") {
      store.notices.updateDelivery(delivery, { status: "delivered", dueAt: null, attempts });
      if (endpoint.failingSince !== null) store.notices.updateEndpoint(endpoint.id, { failingSince: null });
      return;
    }
    const failingSince = endpoint.failingSince ?? now();
    if (endpoint.failingSince === null) store.notices.updateEndpoint(endpoint.id, { failingSince });
    const tries = delivery.tries + 1;
    const wait = outcome === "gone" ? null : retrySeconds(tries, retryAfter, random());
    const patch = wait === null ? { status: "failed" as const, dueAt: null } : { dueAt: now() + wait * 1000 };
    store.notices.updateDelivery(delivery, { ...patch, tries, attempts });
    log.info("webhook.failed", {
      endpointId: endpoint.id,
      deliveryId: delivery.id,
      tries,
      status: attempt.statusCode,
      final: wait === null,
    });
    if (outcome === "gone") this.#disable(endpoint, "gone");
    else if (wait === null && isDead(failingSince, now())) this.#disable(endpoint, "failing");
  }

  #disable(endpoint: EndpointState, because: "gone" | "failing"): void {
    const { store, log } = this.#engine;
    store.notices.updateEndpoint(endpoint.id, { disabledBecause: because });
    store.notices.failPending(endpoint.id);
    this.#wantsChanges = null;
    this.mail({ kind: "webhooks", subjectId: endpoint.id, runId: null });
    log.warn("webhook.disabled", { endpointId: endpoint.id, because });
  }

  #settleMail({ matter, tries }: MailState, delivered: boolean): void {
    const { store, now, random } = this.#engine;
    if (delivered) return store.notices.updateMail(matter, { dueAt: null, tries: 0, toldAt: now() });
    const wait = retrySeconds(tries + 1, null, random());
    store.notices.updateMail(matter, wait === null ? { dueAt: null, tries: 0 } : { dueAt: now() + wait * 1000, tries: tries + 1 });
  }

  #delivery(ref: NoticeRef): DeliveryState | null {
    const [endpointId = "", id = ""] = ref.id.split(".");
    const delivery = this.#engine.store.notices.delivery(endpointId, id);
    return delivery?.status === "pending" && refOfDelivery(delivery).attempt === ref.attempt && this.#isOut(delivery) ? delivery : null;
  }

  #mailOf(ref: NoticeRef): MailState | null {
    const mail = this.#engine.store.notices.mail(ref.id);
    return mail !== null && refOfMail(mail).attempt === ref.attempt && this.#isOut(mail) ? mail : null;
  }

  /** Whether its name is in the queue: a message that comes late must not bring on what is due tomorrow. */
  #isOut({ dueAt }: { dueAt: number | null }): boolean {
    return dueAt !== null && dueAt <= this.#engine.now() + RESEND_SECONDS * 1000;
  }
}

function refOfDelivery({ endpointId, id, tries }: DeliveryState): NoticeRef {
  return { channel: "webhook", id: `${endpointId}.${id}`, attempt: tries + 1 };
}

function refOfMail({ matter, tries }: MailState): NoticeRef {
  return { channel: "mail", id: matter, attempt: tries + 1 };
}

/** What one mail a day is about. */
function matterOf(mail: MailMatter): string {
  return "subjectId" in mail ? `${mail.kind}:${mail.subjectId}` : mail.kind;
}
