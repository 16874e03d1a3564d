import type { z } from "zod";
import * as wire from "../wire.ts";
import { selectedEntry } from "../wire/selected.ts";
import { filesOperations, filesShapes } from "./operations/files.ts";
import { activityOperations, activityShapes } from "./operations/activity.ts";
import { storageOperations, storageShapes } from "./operations/storage.ts";
import { noticeOperations, noticeShapes } from "./operations/notices.ts";
import { adminOperations, adminShapes } from "./operations/admin.ts";
import { accountOperations, accountShapes } from "./operations/account.ts";

// Every route of the API, as the OpenAPI document tells it. A test holds this list to the routes.

/** The shapes that the document names. */
export const NAMED_SHAPES = {
  Me: wire.me,
  Token: wire.token,
  NewToken: wire.newToken,
  Provider: wire.provider,
  Connection: wire.connection,
  ConnectionTest: wire.connectionTest,
  Sync: wire.sync,
  SyncStatus: wire.syncStatus,
  Preview: wire.preview,
  ItemsCount: wire.itemsCount,
  Run: wire.run,
  SignedReceipt: wire.signedReceipt,
  Item: wire.item,
  Change: wire.change,
  Version: wire.version,
  Explanation: wire.explanation,
  HeldFolder: wire.heldFolder,
  Status: wire.status,
  Dashboard: wire.dashboard,
  SelectedEntry: selectedEntry,
  ...filesShapes,
  ...activityShapes,
  ...storageShapes,
  ...adminShapes,
  ...accountShapes,
  Error: wire.errorBody,
  ...noticeShapes,
} as const;
type ShapeName = keyof typeof NAMED_SHAPES;

export interface Operation {
  method: "get" | "post" | "patch" | "delete";
  path: string;
  summary: string;
  query?: z.ZodObject;
  body?: z.ZodType;
  status?: number;
  /** Other answers of success, which have another body or none. */
  also?: Readonly<Record<number, string>>;
  answer: { shape: ShapeName } | { listOf: ShapeName } | { schema: z.ZodType } | { mediaType: string } | null;
}

/** Of a content: what `Range` and `If-None-Match` come to. */
const PARTLY = { 206: "The part that was asked for", 304: "It is what the caller has" } as const;

export const OPERATIONS: readonly Operation[] = [
  { method: "get", path: "/me", summary: "Who is signed in", answer: { shape: "Me" } },
  { method: "get", path: "/status", summary: "Everything at a glance", answer: { shape: "Status" } },
  { method: "get", path: "/dashboard", summary: "The numbers of the first page", answer: { shape: "Dashboard" } },
  { method: "get", path: "/providers", summary: "What can be connected", answer: { listOf: "Provider" } },
  {
    method: "get",
    path: "/events",
    summary: "Live updates, as server-sent events; resumes after Last-Event-ID",
    answer: { mediaType: "text/event-stream" },
  },

  { method: "get", path: "/tokens", summary: "API tokens, newest first", query: wire.pageQuery, answer: { listOf: "Token" } },
  {
    method: "post",
    path: "/tokens",
    summary: "Make a token for a program; this answer is the only one that has it",
    body: wire.tokenCreate,
    status: 201,
    answer: { shape: "NewToken" },
  },
  { method: "delete", path: "/tokens/{id}", summary: "Revoke a token", status: 204, answer: null },

  { method: "get", path: "/connections", summary: "The connected accounts", answer: { listOf: "Connection" } },
  {
    method: "post",
    path: "/connections",
    summary: "Connect, or reconnect, an account: where to send the browser; or, of a form that was filled in, the connection",
    body: wire.connectionCreate,
    answer: { schema: wire.connectionBegun },
  },
  { method: "get", path: "/connections/{id}", summary: "One connection", answer: { shape: "Connection" } },
  {
    method: "get",
    path: "/connections/{id}/browse",
    summary: "Folders and feeds to pick from, as the source has them now",
    query: wire.browseQuery,
    answer: { schema: wire.browsePage },
  },
  {
    method: "patch",
    path: "/connections/{id}",
    summary: "Rename a connection",
    body: wire.connectionPatch,
    answer: { shape: "Connection" },
  },
  {
    method: "delete",
    path: "/connections/{id}",
    summary: "Destroy the credential; with syncs, the connection stays as revoked (200), without, it goes (204)",
    also: { 204: "It had no syncs, and is gone" },
    answer: { shape: "Connection" },
  },
  {
    method: "post",
    path: "/connections/{id}/test",
    summary: "Ask the provider whether the connection works",
    answer: { shape: "ConnectionTest" },
  },
  { method: "post", path: "/connections/{id}/refresh", summary: "Renew the access now", answer: { shape: "Connection" } },

  { method: "get", path: "/syncs", summary: "The syncs, each with its last run", answer: { listOf: "Sync" } },
  { method: "post", path: "/syncs", summary: "Keep what a connection has", body: wire.syncCreate, status: 201, answer: { shape: "Sync" } },
  { method: "post", path: "/syncs/run", summary: "Run every active sync", body: wire.runRequest, status: 202, answer: { listOf: "Run" } },
  {
    method: "post",
    path: "/syncs/preview",
    summary: "What a new sync would keep, from what is known of the connection; the source is not asked",
    body: wire.newPreviewRequest,
    answer: { shape: "Preview" },
  },
  {
    method: "post",
    path: "/syncs/{id}/preview",
    summary: "What a sync would keep by other rules, and what that would change; the source is not asked",
    body: wire.previewRequest,
    answer: { shape: "Preview" },
  },
  { method: "get", path: "/syncs/{id}", summary: "One sync", answer: { shape: "Sync" } },
  { method: "patch", path: "/syncs/{id}", summary: "Change a sync", body: wire.syncPatch, answer: { shape: "Sync" } },
  { method: "delete", path: "/syncs/{id}", summary: "End a sync and erase what it kept", status: 204, answer: null },
  {
    method: "post",
    path: "/syncs/{id}/run",
    summary: "Run a sync: the new run, or the one that is under way",
    body: wire.runRequest,
    status: 202,
    answer: { shape: "Run" },
  },
  {
    method: "post",
    path: "/syncs/{id}/verify",
    summary: "Compare the source, the catalogue and the bucket, and mend what does not fit",
    body: wire.verifyRequest,
    status: 202,
    answer: { shape: "Run" },
  },
  { method: "post", path: "/syncs/{id}/pause", summary: "Pause a sync", answer: { shape: "Sync" } },
  { method: "post", path: "/syncs/{id}/resume", summary: "Resume a sync", answer: { shape: "Sync" } },
  { method: "post", path: "/syncs/{id}/cancel", summary: "Cancel the active run", answer: { shape: "Run" } },
  {
    method: "post",
    path: "/syncs/{id}/confirm-changes",
    summary: "Say that the many changes which raised the alarm are meant: old contents are purged again",
    answer: { shape: "Sync" },
  },
  { method: "get", path: "/syncs/{id}/status", summary: "What a sync is doing now", answer: { shape: "SyncStatus" } },
  { method: "get", path: "/syncs/{id}/runs", summary: "A sync's runs, newest first", query: wire.pageQuery, answer: { listOf: "Run" } },
  {
    method: "get",
    path: "/syncs/{id}/items",
    summary: "The items in a folder, or at the root",
    query: wire.itemsQuery,
    answer: { listOf: "Item" },
  },
  {
    method: "get",
    path: "/syncs/{id}/items/count",
    summary: "How many items there are in a folder, or at the root",
    query: wire.itemsCountQuery,
    answer: { shape: "ItemsCount" },
  },

  {
    method: "get",
    path: "/syncs/{id}/listing",
    summary: "The whole mirror, an item a line, in the order that its digest is computed in",
    answer: { mediaType: "application/x-ndjson" },
  },
  {
    method: "get",
    path: "/syncs/{id}/selection",
    summary: "What the selection names: each with its name, and the folders above it",
    answer: { listOf: "SelectedEntry" },
  },
  {
    method: "get",
    path: "/syncs/{id}/trash",
    summary: "What was removed and can be taken back, newest first",
    query: wire.pageQuery,
    answer: { listOf: "Item" },
  },

  { method: "get", path: "/runs/{id}", summary: "One run", answer: { shape: "Run" } },
  {
    method: "get",
    path: "/runs/{id}/files",
    summary: "The files that a run was the last to change",
    query: wire.runFilesQuery,
    answer: { listOf: "Item" },
  },
  {
    method: "get",
    path: "/runs/{id}/receipt",
    summary: "What a finished run proves, signed; its key is at /.well-known/tidemark-receipt-keys.json",
    answer: { shape: "SignedReceipt" },
  },
  {
    method: "get",
    path: "/runs/{id}/logs",
    summary: "A run's log, as server-sent events: log, then end",
    answer: { mediaType: "text/event-stream" },
  },
  {
    method: "get",
    path: "/runs/{id}/held",
    summary: "What the run's sync holds back from removal, by top folder",
    query: wire.pageQuery,
    answer: { listOf: "HeldFolder" },
  },
  {
    method: "post",
    path: "/runs/{id}/approve",
    summary: "Remove what is held, all of it or by folder; done in the background",
    body: wire.decision,
    status: 202,
    answer: { shape: "Run" },
  },
  {
    method: "post",
    path: "/runs/{id}/discard",
    summary: "Keep what is held, all of it or by folder, though the source no longer has it; done in the background",
    body: wire.decision,
    status: 202,
    answer: { shape: "Run" },
  },
  { method: "post", path: "/runs/{id}/retry", summary: "Try the failed items again now", status: 202, answer: { shape: "Run" } },

  { method: "get", path: "/items/{id}", summary: "One item", answer: { shape: "Item" } },
  {
    method: "get",
    path: "/items/{id}/explain",
    summary: "Why an item is, or is not, here: from what is stored, without asking the source",
    answer: { shape: "Explanation" },
  },
  {
    method: "get",
    path: "/items/{id}/content",
    summary: "An item's last stored content; takes Range, If-Range and If-None-Match",
    also: PARTLY,
    answer: { mediaType: "application/octet-stream" },
  },
  {
    method: "get",
    path: "/items/{id}/versions",
    summary: "An item's contents, newest first, the current one included",
    query: wire.pageQuery,
    answer: { listOf: "Version" },
  },
  {
    method: "get",
    path: "/items/{id}/versions/{number}/content",
    summary: "One of an item's contents; takes Range, If-Range and If-None-Match",
    also: PARTLY,
    answer: { mediaType: "application/octet-stream" },
  },
  {
    method: "post",
    path: "/items/{id}/versions/{number}/restore",
    summary: "Make a version the item's current content, until the source's content changes",
    answer: { shape: "Item" },
  },
  {
    method: "post",
    path: "/items/{id}/restore",
    summary: "Take a removed item back; a folder's content follows in the background",
    status: 202,
    answer: { shape: "Item" },
  },

  {
    method: "get",
    path: "/changes",
    summary: "What changed in all copies, in order, for 30 days; always with a cursor to go on from",
    query: wire.changesQuery,
    answer: { listOf: "Change" },
  },
  {
    method: "get",
    path: "/changes/stream",
    summary: "The same as server-sent events; resumes after Last-Event-ID",
    query: wire.changesQuery,
    answer: { mediaType: "text/event-stream" },
  },
  ...filesOperations,

  ...activityOperations,
  ...storageOperations,
  ...noticeOperations,

  ...adminOperations,

  ...accountOperations,
];
