import type { Answer } from "../answers.ts";
import type { Asked, DownloadFault, FaultKinds } from "../fault-kinds.ts";
import type { Faults as AllFaults } from "../faults.ts";
import { errorAnswer, rateLimitAnswer, textAnswer } from "./answers.ts";
import { API_HOST, CONTENT_HOST } from "./hosts.ts";

const isCall = (asked: Asked): boolean => (asked.host === API_HOST || asked.host === CONTENT_HOST) && asked.path.startsWith("/2/");
const isContinue = (asked: Asked): boolean => asked.path === "/2/files/list_folder/continue";
const isContent = (asked: Asked): boolean => asked.host === CONTENT_HOST;
const isExport = (asked: Asked): boolean => asked.path === "/2/files/export";
const isToken = (asked: Asked): boolean => asked.path === "/oauth2/token";

const always = (answer: () => Answer) => answer;
const refused = (status: number, tag: string, more: object = {}) => always(() => errorAnswer(status, { ".tag": tag, ...more }));

export const FAULT_KINDS = {
  // What a page holds.
  "dropbox-add-before-delete": { about: "changes tell what is there before the deletions that belong to a move" },
  "dropbox-delete-each": { about: "of a deleted or moved folder each item is told as deleted, not the folder alone" },
  "dropbox-duplicates": { about: "lists tell some entries twice" },
  "dropbox-empty-page": { about: "lists answer a page without entries, with has_more" },
  "dropbox-children-first": { about: "lists tell what is in a folder before the folder" },
  "dropbox-malformed": { about: "entries of lists have no path" },
  "dropbox-missing-hash": { about: "files come without content_hash" },
  "dropbox-symlinks": { about: "files are symlinks" },
  // Cursors.
  "dropbox-reset": { about: "409 reset for every cursor", scope: isContinue, answer: refused(409, "reset") },
  "dropbox-cursor-unreadable": {
    about: "400, in words, for every cursor",
    scope: isContinue,
    answer: () => textAnswer(400, 'Error in call to API function "files/list_folder/continue": Invalid "cursor" parameter: u\'\''),
  },
  // Weather.
  "dropbox-throttled": {
    about: "429 with a Retry-After of 2 seconds",
    scope: isCall,
    answer: () => rateLimitAnswer("too_many_requests", 2),
  },
  "dropbox-throttled-in-body": {
    about: "429 whose body alone tells when to come back, in 15 seconds",
    scope: isCall,
    answer: () => rateLimitAnswer("too_many_requests", undefined, 15),
  },
  "dropbox-throttled-in-words": {
    about: "429 in plain text, with a Retry-After of 3 seconds",
    scope: isCall,
    answer: () => textAnswer(429, "Too many requests", { "Retry-After": "3" }),
  },
  "dropbox-throttled-long": {
    about: "429 with a Retry-After of 300 seconds",
    scope: isCall,
    answer: () => rateLimitAnswer("too_many_requests", 300),
  },
  "dropbox-too-many-writes": {
    about: "429 too_many_write_operations",
    scope: isCall,
    answer: () => rateLimitAnswer("too_many_write_operations", 1),
  },
  "dropbox-server-error": {
    about: "500, in words, from every call",
    scope: isCall,
    answer: () => textAnswer(500, "Internal Server Error"),
  },
  "dropbox-busy": {
    about: "503 with a Retry-After of 2 seconds",
    scope: isCall,
    answer: () => textAnswer(503, "Busy", { "Retry-After": "2" }),
  },
  "dropbox-unavailable": { about: "503 that names no time", scope: isCall, answer: () => textAnswer(503, "Service Unavailable") },
  // Access.
  "dropbox-token-expired": {
    about: "401 expired_access_token although the token is fresh",
    scope: isCall,
    answer: refused(401, "expired_access_token"),
  },
  "dropbox-token-invalid": { about: "401 invalid_access_token", scope: isCall, answer: refused(401, "invalid_access_token") },
  "dropbox-suspended": { about: "401 user_suspended", scope: isCall, answer: refused(401, "user_suspended") },
  "dropbox-list-scope-missing": {
    about: "401 missing_scope for lists of files",
    scope: (asked) => asked.path.startsWith("/2/files/list_folder"),
    answer: refused(401, "missing_scope", { required_scope: "files.metadata.read" }),
  },
  "dropbox-content-scope-missing": {
    about: "401 missing_scope for contents",
    scope: isContent,
    answer: refused(401, "missing_scope", { required_scope: "files.content.read" }),
  },
  "dropbox-access-denied": {
    about: "403 invalid_account_type",
    scope: isCall,
    answer: refused(403, "invalid_account_type", { invalid_account_type: { ".tag": "endpoint" } }),
  },
  "dropbox-root-changed": {
    about: "422: the root of the team's space is another one now",
    scope: (asked) => asked.path.startsWith("/2/files/"),
    answer: refused(422, "invalid_root", { invalid_root: { ".tag": "user", root_namespace_id: "1", home_namespace_id: "1" } }),
  },
  "dropbox-root-refused": {
    about: "422: no permission to look into the namespace",
    scope: (asked) => asked.path.startsWith("/2/files/"),
    answer: refused(422, "no_permission"),
  },
  "dropbox-grant-refused": {
    about: "the token endpoint answers invalid_grant",
    scope: isToken,
    answer: () => ({
      status: 400,
      headers: { "Content-Type": "application/json" },
      body: { error: "invalid_grant", error_description: "refresh token is invalid or revoked" },
    }),
  },
  // Items and their contents.
  "dropbox-not-found": { about: "items that are there are not found" },
  "dropbox-revision-gone": { about: "downloads are answered with 409 path/not_found, though the file is there" },
  "dropbox-restricted": { about: "downloads are answered with 409 path/restricted_content" },
  "dropbox-locked": { about: "downloads are answered with 409 path/locked" },
  "dropbox-export-later": { about: "exports are answered with 409 retry_error", scope: isExport, answer: refused(409, "retry_error") },
  // Notifications.
  "dropbox-notification-forged": { about: "notifications are signed with another secret" },
} as const satisfies FaultKinds;

export type FaultName = keyof typeof FAULT_KINDS | DownloadFault;
export type Faults = AllFaults<FaultName>;
