import { auditEvent, erasureBegun, erasureRequest, identity, session } from "../../wire/account.ts";
import { pageQuery } from "../../wire.ts";

export const accountShapes = { Session: session, Identity: identity, AuditEvent: auditEvent } as const;

export const accountOperations = [
  { method: "get", path: "/sessions", summary: "The browsers that are signed in", answer: { listOf: "Session" } },
  { method: "delete", path: "/sessions", summary: "Sign out everywhere but here", status: 204, answer: null },
  { method: "delete", path: "/sessions/{id}", summary: "Sign one browser out", status: 204, answer: null },

  { method: "get", path: "/identities", summary: "What one signs in with", answer: { listOf: "Identity" } },
  {
    method: "delete",
    path: "/identities/{id}",
    summary: "No longer sign in with it; never with the last one. What is connected stays so",
    status: 204,
    answer: null,
  },

  {
    method: "get",
    path: "/audit",
    summary: "What was done with the account, and by whom, newest first; for a year",
    query: pageQuery,
    answer: { listOf: "AuditEvent" },
  },

  {
    method: "get",
    path: "/me/export",
    summary: "All that is kept of the user, but for the files' content: JSON lines, the last of which says that it is whole",
    answer: { mediaType: "application/x-ndjson" },
  },
  {
    method: "delete",
    path: "/me",
    summary: "Erase the user and all that is kept of them; signed out at once, the rest follows in the background",
    body: erasureRequest,
    status: 202,
    answer: { schema: erasureBegun },
  },
] as const;
