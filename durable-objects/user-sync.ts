import { DurableObject } from "cloudflare:workers";
import type { LeaseAnswer, LeaseRequest, SettleAnswer, SettleRequest } from "../worker/sync/job.ts";
import { STOPPING_KINDS } from "../worker/sync/job.ts";
import { catalogue } from "../worker/db/client.ts";
import type { Result } from "../worker/errors.ts";
import { failure, success } from "../worker/errors.ts";
import { randomId } from "../worker/ids.ts";
import { createLogger, errorFields } from "../worker/log.ts";
import { asProviderError } from "../worker/providers/errors.ts";
import type { FormValues, Provider } from "../worker/providers/provider.ts";
import { connect } from "../worker/sockets.ts";
import { providers } from "../worker/providers/registry.ts";
import type { ReadContents } from "../worker/sync/verifying.ts";
import type { BrowsePage, Connection, ConnectionTest, Run, Sync, SyncPatch, SyncStatus } from "../worker/wire.ts";
import type { LeasedNotice, NoticeOutcome, NoticeRef } from "../worker/notices/message.ts";
import type { MailKind, Notifications, NotificationsPatch } from "../worker/wire/notifications.ts";
import type { Delivery, Webhook, WebhookSecret } from "../worker/wire/webhooks.ts";
import { accountChanged } from "./account.ts";
import * as connections from "./connections.ts";
import { Credentials } from "./credentials.ts";
import { Display } from "./display.ts";
import * as endpoints from "./endpoints.ts";
import type { Engine } from "./engine.ts";
import { beginErasure, beingErased, isGone } from "./erasure.ts";
import { connectionFailed, needsReconnect } from "./failing.ts";
import { Gates } from "./gates.ts";
import { decide } from "./holding.ts";
import { Ledger } from "./ledger.ts";
import { Live } from "./live.ts";
import { Lock } from "./lock.ts";
import * as mail from "./mail-settings.ts";
import { Notices } from "./notices.ts";
import { wakePurge } from "./purge.ts";
import { Quotas } from "./quota.ts";
import { rebuildBegins, rebuildEnds } from "./rebuilding.ts";
import { restoreItem, restoreVersion } from "./restore.ts";
import type {
  BrowseRequest,
  ConnectRequest,
  DeliveryPage,
  EndpointPatch,
  EndpointRequest,
  RunTrigger,
  SyncRequest,
  UserSyncRpc,
  Wake,
} from "./rpc.ts";
import { statusOf } from "./status.ts";
import { hastenSubscription } from "./subscribing.ts";
import * as syncs from "./syncs.ts";
import { UserSyncStore } from "./user-sync-store.ts";
import { verifyNow } from "./verify.ts";
import { Work } from "./work.ts";

/** After an alarm that broke: the platform drops one that fails six times, so it never fails. */
const ALARM_RETRY_MILLISECONDS = 5_000;
/** An alarm that should have gone off this long ago is set again. */
const ALARM_LATE_MILLISECONDS = 60_000;

/** One user's sync: the only writer of their catalogue. Calls record what is wanted; the alarm does it. */
export class UserSync extends DurableObject<Env> implements UserSyncRpc {
  readonly #engine: Engine;
  readonly #ledger: Ledger;
  readonly #display: Display;
  readonly #work: Work;
  #working = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const store = new UserSyncStore(ctx.storage);
    store.migrate();
    // Where work was under way when the last instance ended, its last step may be half done.
    store.doubtStats();
    this.#engine = this.#createEngine(store);
    store.onTouch = () => this.#engine.notices.changesCome();
    this.#display = new Display(this.#engine);
    this.#ledger = new Ledger(this.#engine, (syncId, bytes) => this.#display.paceOf(syncId).note(this.#engine.now(), 0, bytes, []));
    this.#work = new Work(this.#engine, this.#ledger, this.#display);
  }

  #createEngine(store: UserSyncStore): Engine {
    const { ctx, env } = this;
    const userId = ctx.id.name ?? "";
    const now = () => Date.now();
    const random = () => Math.random();
    const log = createLogger(env, { userId });
    const engine: Omit<Engine, "notices"> = {
      env,
      userId,
      store,
      credentials: new Credentials(env, userId, store, now, (at) => this.#wakeBy(at)),
      gates: new Gates({ store, log, now, random }),
      now,
      random,
      db: () => catalogue(env, Number(store.setting("homeShard") ?? 0)),
      sweep: null,
      making: new Set(),
      live: new Live(ctx, randomId()),
      catalogueLock: new Lock(),
      quotas: new Quotas(env, userId, now),
      ending: new Set(),
      log,
      provider: (connectionId, use) => this.#provider(connectionId, use),
      wipe: async () => {
        await ctx.storage.deleteAll();
        store.migrate();
      },
      wakeBy: (at) => this.#wakeBy(at),
    };
    return Object.assign(engine, { notices: new Notices(engine) });
  }

  #provider(connectionId: string, { onRequest, options = {} }: Parameters<Engine["provider"]>[1] = {}): Provider {
    const { store, credentials, gates, now } = this.#engine;
    const definition = providers.get(store.connection(connectionId)?.provider ?? "");
    if (!definition) throw new Error(`There is no provider for connection ${connectionId}.`);
    return definition.create(this.env, {
      fetch: (input, init) => fetch(input, init),
      connect,
      now,
      accessToken: (how) => credentials.accessToken(connectionId, how),
      fields: () => credentials.fields(connectionId),
      options,
      onRequest: () => {
        gates.expectOpen(connectionId);
        onRequest?.();
      },
      onBudget: (budget) => gates.note(connectionId, budget),
    });
  }

  override async alarm(): Promise<void> {
    this.#working = true;
    let next: number | null = null;
    try {
      await this.#work.go();
      next = this.#work.nextAt();
    } catch (error) {
      this.#engine.log.error("alarm.failed", errorFields(error));
      next = this.#engine.now() + ALARM_RETRY_MILLISECONDS;
    } finally {
      this.#working = false;
    }
    if (next !== null) await this.#wakeBy(next);
  }

  async #wakeBy(at: number): Promise<void> {
    // The alarm that is at work looks again before it ends.
    if (this.#working) return;
    const set = await this.ctx.storage.getAlarm();
    if (set === null || set > at || set < this.#engine.now() - ALARM_LATE_MILLISECONDS) await this.ctx.storage.setAlarm(at);
  }

  async accountChanged(): Promise<void> {
    if (!isGone(this.#engine)) await accountChanged(this.#engine);
  }

  async rebuildBegins(): Promise<void> {
    if (isGone(this.#engine)) return;
    return this.#engine.catalogueLock.hold(() => rebuildBegins(this.#engine));
  }

  rebuildEnds(): Promise<void> {
    return this.#engine.catalogueLock.hold(() => rebuildEnds(this.#engine));
  }

  async wake(wake: Wake, requestId?: string): Promise<void> {
    this.#engine.log.debug("object.woken", { reason: wake.reason, requestId });
    if (isGone(this.#engine)) return this.#wakeGone(wake);
    switch (wake.reason) {
      case "erasure":
        return beginErasure(this.#engine);
      case "schedule":
        await syncs.dropUnmade(this.#engine);
        await this.#work.wakeDue();
        break;
      case "watchdog":
        await syncs.closeLost(this.#engine);
        break;
      case "purge":
        await wakePurge(this.#engine);
        break;
      case "webhook":
        this.#work.notified(wake.connectionId);
        break;
      case "subscription":
        hastenSubscription(this.#engine, wake.connectionId, wake.event === "removed");
        if (wake.event !== "reauthorize") this.#work.notified(wake.connectionId);
    }
    const next = this.#work.nextAt();
    if (next !== null) await this.#wakeBy(next);
  }

  /** The clock names only those whom the catalogue has: of somebody who was erased, a backup has brought it back. */
  async #wakeGone({ reason }: Wake): Promise<void> {
    if (reason !== "webhook" && reason !== "subscription") await beginErasure(this.#engine);
  }

  addConnection(request: ConnectRequest, requestId?: string): Promise<Result<Connection>> {
    this.#called("addConnection", requestId);
    return connections.addConnection(this.#engine, request);
  }

  labelConnection(connectionId: string, label: string, requestId?: string): Promise<Result<Connection>> {
    this.#called("labelConnection", requestId);
    return connections.labelConnection(this.#engine, connectionId, label);
  }

  disconnect(connectionId: string, requestId?: string): Promise<Result<Connection | null>> {
    this.#called("disconnect", requestId);
    return connections.disconnect(this.#engine, connectionId);
  }

  testConnection(connectionId: string, requestId?: string): Promise<Result<ConnectionTest>> {
    this.#called("testConnection", requestId);
    return connections.testConnection(this.#engine, connectionId);
  }

  browse(connectionId: string, request: BrowseRequest, requestId?: string): Promise<Result<BrowsePage>> {
    this.#called("browse", requestId);
    return connections.browse(this.#engine, connectionId, request);
  }

  refreshConnection(connectionId: string, requestId?: string): Promise<Result<Connection>> {
    this.#called("refreshConnection", requestId);
    return connections.refreshConnection(this.#engine, connectionId);
  }

  createSync(request: SyncRequest, requestId?: string): Promise<Result<Sync>> {
    this.#called("createSync", requestId);
    return syncs.createSync(this.#engine, request);
  }

  updateSync(syncId: string, patch: SyncPatch, requestId?: string): Promise<Result<Sync>> {
    this.#called("updateSync", requestId);
    return syncs.changeSync(this.#engine, syncId, patch);
  }

  deleteSync(syncId: string, requestId?: string): Promise<Result<null>> {
    this.#called("deleteSync", requestId);
    return syncs.eraseSync(this.#engine, syncId);
  }

  run(syncId: string, options: { full: boolean; trigger: RunTrigger }, requestId?: string): Promise<Result<Run>> {
    this.#called("run", requestId);
    return syncs.runNow(this.#engine, syncId, options);
  }

  verify(syncId: string, contents: ReadContents, requestId?: string): Promise<Result<Run>> {
    this.#called("verify", requestId);
    return verifyNow(this.#engine, syncId, contents);
  }

  pause(syncId: string, requestId?: string): Promise<Result<Sync>> {
    this.#called("pause", requestId);
    return syncs.setPaused(this.#engine, syncId, true);
  }

  resume(syncId: string, requestId?: string): Promise<Result<Sync>> {
    this.#called("resume", requestId);
    return syncs.setPaused(this.#engine, syncId, false);
  }

  cancel(syncId: string, requestId?: string): Promise<Result<Run>> {
    this.#called("cancel", requestId);
    return syncs.cancelRun(this.#engine, syncId);
  }

  retry(runId: string, requestId?: string): Promise<Result<Run>> {
    this.#called("retry", requestId);
    return syncs.retryFailed(this.#engine, runId);
  }

  retryItems(syncId: string, remoteIds: string[], requestId?: string): Promise<Result<string[]>> {
    this.#called("retryItems", requestId);
    return syncs.retryItems(this.#engine, syncId, remoteIds);
  }

  retryReason(syncId: string, reason: string | null, requestId?: string): Promise<Result<Run>> {
    this.#called("retryReason", requestId);
    return syncs.retryReason(this.#engine, syncId, reason);
  }

  confirmChanges(syncId: string, requestId?: string): Promise<Result<Sync>> {
    this.#called("confirmChanges", requestId);
    return syncs.confirmChanges(this.#engine, syncId);
  }

  decide(runId: string, action: "approve" | "discard", folders: string[], requestId?: string): Promise<Result<Run>> {
    this.#called("decide", requestId);
    return decide(this.#engine, runId, action, folders);
  }

  restoreVersion(syncId: string, remoteId: string, number: number, requestId?: string): Promise<Result<null>> {
    this.#called("restoreVersion", requestId);
    return restoreVersion(this.#engine, syncId, remoteId, number);
  }

  restoreItem(syncId: string, remoteId: string, requestId?: string): Promise<Result<null>> {
    this.#called("restoreItem", requestId);
    return restoreItem(this.#engine, syncId, remoteId);
  }

  async status(syncId: string): Promise<Result<SyncStatus>> {
    const sync = this.#engine.store.sync(syncId);
    if (!sync) return failure("sync.not_found", "There is no such sync.");
    return success(statusOf(this.#engine, sync, this.#display.paceOf(syncId)));
  }

  async statuses(): Promise<SyncStatus[]> {
    return this.#engine.store.syncs().map((sync) => statusOf(this.#engine, sync, this.#display.paceOf(sync.id)));
  }

  async accessToken(connectionId: string, options: { renew: boolean }): Promise<Result<string>> {
    if (isGone(this.#engine)) return beingErased();
    try {
      return success(await this.#engine.credentials.accessToken(connectionId, options));
    } catch (error) {
      const problem = asProviderError(error);
      if (problem.kind === "auth") await needsReconnect(this.#engine, connectionId, problem.advice);
      return problem.kind === "auth" ? failure("connection.not_active", problem.message) : failure("provider.failed", problem.message);
    }
  }

  async connectionFields(connectionId: string): Promise<Result<FormValues>> {
    if (isGone(this.#engine)) return beingErased();
    try {
      return success(await this.#engine.credentials.fields(connectionId));
    } catch (error) {
      const { kind, message } = asProviderError(error);
      if (kind === "unsupported") return failure("connection.unsupported", message);
      return kind === "auth" ? failure("connection.not_active", message) : failure("provider.failed", message);
    }
  }

  lease(request: LeaseRequest): Promise<LeaseAnswer> {
    return this.#ledger.lease(request, (sync) => this.#work.mayWork(sync));
  }

  async settle(request: SettleRequest): Promise<SettleAnswer> {
    const job = this.#engine.store.jobs.get(request.jobId);
    const answer = await this.#ledger.settle(request);
    if (!answer.accepted || !job) return answer;
    const connectionId = this.#engine.store.sync(job.syncId)?.connectionId;
    if (connectionId !== undefined) {
      if (request.results.some((result) => result.outcome === "stored")) this.#answered(connectionId);
      if (request.budget) this.#engine.gates.note(connectionId, request.budget);
      for (const result of request.results)
        if (result.outcome === "failed" && STOPPING_KINDS.has(result.kind)) await connectionFailed(this.#engine, connectionId, result);
    }
    if (request.done) await this.#jobDone();
    return { ...answer, ...this.#stopOf(job.syncId) };
  }

  /** The source has let a consumer have a file. */
  #answered(connectionId: string): void {
    this.#engine.gates.answered(connectionId);
    this.#engine.credentials.answered(connectionId);
  }

  /** Whether a consumer is to begin no further file of this sync, or of any on its connection. */
  #stopOf(syncId: string): Pick<SettleAnswer, "stop"> {
    const sync = this.#engine.store.sync(syncId);
    if (!sync || this.#work.mayWork(sync)) return {};
    return { stop: this.#work.mayAsk(sync.connectionId) ? "sync" : "connection" };
  }

  /** The next job goes out at once; what this one brought is drained in its time. */
  async #jobDone(): Promise<void> {
    const { store, now, log } = this.#engine;
    try {
      await this.#ledger.dispatch(store.syncs().filter((sync) => this.#work.mayWork(sync)));
    } catch (error) {
      log.warn("dispatch.failed", errorFields(error));
    }
    await this.#wakeBy(this.#ledger.drainAt() ?? now());
  }

  async returnJobs(jobIds: string[]): Promise<void> {
    this.#ledger.returned(jobIds);
    const next = this.#work.nextAt();
    if (next !== null) await this.#wakeBy(next);
  }

  async listEndpoints(): Promise<Webhook[]> {
    return endpoints.listEndpoints(this.#engine);
  }

  async getEndpoint(endpointId: string): Promise<Result<Webhook>> {
    return endpoints.getEndpoint(this.#engine, endpointId);
  }

  createEndpoint(request: EndpointRequest): Promise<Result<WebhookSecret>> {
    return endpoints.createEndpoint(this.#engine, request);
  }

  updateEndpoint(endpointId: string, patch: EndpointPatch): Promise<Result<Webhook>> {
    return endpoints.updateEndpoint(this.#engine, endpointId, patch);
  }

  async deleteEndpoint(endpointId: string): Promise<Result<null>> {
    return endpoints.deleteEndpoint(this.#engine, endpointId);
  }

  rotateSecret(endpointId: string, oldSecretHours: number): Promise<Result<WebhookSecret>> {
    return endpoints.rotateSecret(this.#engine, endpointId, oldSecretHours);
  }

  testEndpoint(endpointId: string): Promise<Result<Delivery>> {
    return endpoints.testEndpoint(this.#engine, endpointId);
  }

  async deliveries(endpointId: string, page: DeliveryPage): Promise<Result<{ items: Delivery[]; cursor: string | null }>> {
    return endpoints.deliveriesOf(this.#engine, endpointId, page);
  }

  redeliver(endpointId: string, deliveryId: string): Promise<Result<Delivery>> {
    return endpoints.redeliver(this.#engine, endpointId, deliveryId);
  }

  async notifications(): Promise<Notifications> {
    return mail.notifications(this.#engine);
  }

  changeNotifications(patch: NotificationsPatch): Promise<Result<Notifications>> {
    return mail.changeNotifications(this.#engine, patch);
  }

  async addressVerified(address: string): Promise<void> {
    mail.addressVerified(this.#engine, address);
  }

  async confirmAddress(nonce: string): Promise<Result<{ address: string }>> {
    return mail.confirmAddress(this.#engine, nonce);
  }

  async unsubscribe(kind: MailKind): Promise<void> {
    mail.unsubscribe(this.#engine, kind);
  }

  leaseNotices(refs: NoticeRef[]): Promise<LeasedNotice[]> {
    return this.#engine.notices.lease(refs);
  }

  async settleNotice(outcome: NoticeOutcome): Promise<void> {
    this.#engine.notices.settle(outcome);
    const next = this.#work.nextAt();
    if (next !== null) await this.#wakeBy(next);
  }

  #called(call: string, requestId: string | undefined): void {
    this.#engine.log.info("object.called", { call, requestId });
  }

  /** Only the Worker asks: a WebSocket of live updates. */
  override async fetch(request: Request): Promise<Response> {
    if (isGone(this.#engine)) return new Response(null, { status: 410 });
    if (request.headers.get("Upgrade") !== "websocket") return new Response(null, { status: 426 });
    return this.#engine.live.accept(new URL(request.url).searchParams.get("since"));
  }
}
