import { pageQuery } from "../../wire.ts";
import * as wire from "../../wire/admin.ts";
import type { Operation } from "../operations.ts";

export const adminShapes = {
  AdminUser: wire.adminUser,
  AdminUserDetail: wire.adminUserDetail,
  AdminStatus: wire.adminStatus,
  DeadLetter: wire.deadLetter,
} as const;

export const adminOperations: readonly Operation[] = [
  {
    method: "get",
    path: "/admin/status",
    summary: "Whether the whole of it runs: the clock, who is overdue, runs and connections that need somebody, queues",
    answer: { shape: "AdminStatus" },
  },
  {
    method: "get",
    path: "/admin/users",
    summary: "Who is here, the last to sign in first; search finds an id, or a part of a name or an address",
    query: wire.adminUsersQuery,
    answer: { listOf: "AdminUser" },
  },
  { method: "get", path: "/admin/users/{id}", summary: "One user: connections, syncs and limits", answer: { shape: "AdminUserDetail" } },
  {
    method: "patch",
    path: "/admin/users/{id}",
    summary: "Set a user's own limits; null is the operator's, 0 is none. Heeded within a minute",
    body: wire.adminUserPatch,
    answer: { shape: "AdminUserDetail" },
  },
  {
    method: "post",
    path: "/admin/users/{id}/run",
    summary: "Run every active sync of a user",
    status: 202,
    answer: { schema: wire.adminRuns },
  },
  {
    method: "get",
    path: "/admin/dead-letters",
    summary: "Messages that failed every delivery, the last ones first",
    query: pageQuery,
    answer: { listOf: "DeadLetter" },
  },
  {
    method: "post",
    path: "/admin/dead-letters/redrive",
    summary: "Hand dead messages back to their users' objects: those that are named, or all that wait",
    body: wire.redriveRequest,
    answer: { schema: wire.redriven },
  },
];
