import { htmlAnswer } from "../answers.ts";
import type { Asked, DownloadFault, FaultKinds } from "../fault-kinds.ts";
import type { Faults as AllFaults } from "../faults.ts";
import { errorAnswer, gatewayAnswer, quotaAnswer, reasonAnswer } from "./answers.ts";
import { API_HOST, PROFILE_HOST } from "./hosts.ts";

const isApi = ({ host, path }: Asked): boolean => host === API_HOST && !path.startsWith("/authentication/");
const isData = (asked: Asked): boolean => isApi(asked) && /^\/(data|project)\//.test(asked.path);
const isHubs = (asked: Asked): boolean => isApi(asked) && asked.path === "/project/v1/hubs";
const isHooks = (asked: Asked): boolean => isApi(asked) && asked.path.startsWith("/webhooks/");
const isNewHook = (asked: Asked): boolean => isHooks(asked) && asked.method === "POST";
const isToken = ({ host, path }: Asked): boolean => host === API_HOST && path === "/authentication/v2/token";

export const FAULT_KINDS = {
  // Weather.
  "autodesk-throttled": { about: "429 with a Retry-After of 2 seconds", scope: isApi, answer: () => quotaAnswer(2) },
  "autodesk-throttled-long": { about: "429 with a Retry-After of 60 seconds", scope: isApi, answer: () => quotaAnswer(60) },
  "autodesk-server-error": {
    about: "500 from every call",
    scope: isApi,
    answer: () => errorAnswer(500, "INTERNAL_SERVER_ERROR", "An unexpected error occurred."),
  },
  "autodesk-bad-gateway": { about: "502 as a page of HTML", scope: isApi, answer: () => htmlAnswer(502, "502 Bad Gateway") },
  "autodesk-unavailable": {
    about: "503 that names no time",
    scope: isApi,
    answer: () => errorAnswer(503, "SERVICE_UNAVAILABLE", "The service is unavailable."),
  },
  // Access.
  "autodesk-token-refused": {
    about: "401 AUTH-006 although the token is fresh",
    scope: (asked) => isApi(asked) || asked.host === PROFILE_HOST,
    answer: () => gatewayAnswer(401, "AUTH-006", "The access token provided is invalid or has expired."),
  },
  "autodesk-scope-missing": {
    about: "403 AUTH-010: the token lacks a scope",
    scope: isData,
    answer: () => gatewayAnswer(403, "AUTH-010", "Token does not have the privilege for this request."),
  },
  "autodesk-not-provisioned": {
    about: "403 BIM360DM_ERROR for the list of hubs: no account administrator has let the app in",
    scope: isHubs,
    answer: () => errorAnswer(403, "BIM360DM_ERROR", "You don't have permission to access this API"),
  },
  "autodesk-forbidden": { about: "403 FORBIDDEN for folders and items" },
  "autodesk-not-found": { about: "404 NOT_FOUND for folders and items that are there" },
  // What lists hold.
  "autodesk-hubs-partial": { about: "the list of hubs comes with meta.warnings, and without its first" },
  "autodesk-contents-partial": { about: "contents of folders come with meta.warnings, and with every second entry only" },
  "autodesk-short-pages": { about: "pages have two entries, whatever is asked for" },
  "autodesk-rollup-stale": { about: "the times of folders tell nothing of what changed in them" },
  "autodesk-malformed": { about: "entries of contents have no id and no attributes" },
  "autodesk-no-size": { about: "versions come without storageSize" },
  "autodesk-processing": { about: "versions have no storage, as while they are processed" },
  // Contents.
  "autodesk-chunked": { about: "objects are still being assembled: an address for each chunk" },
  "autodesk-missing-hash": { about: "addresses come without sha1" },
  "autodesk-foreign-download": { about: "addresses lead to another host" },
  "autodesk-object-gone": { about: "404 for an address of an object" },
  "autodesk-url-expired": { about: "the storage says that the address has expired" },
  // Webhooks.
  "autodesk-hook-refused": {
    about: "403 for a new hook: the token lacks a scope",
    scope: isNewHook,
    answer: () => gatewayAnswer(403, "AUTH-010", "Token does not have the privilege for this request."),
  },
  "autodesk-hooks-down": { about: "500 from the webhooks", scope: isHooks, answer: () => reasonAnswer(500, "Internal error") },
  "autodesk-notification-forged": { about: "notifications are signed with another token" },
  // Sign-in.
  "autodesk-invalid-grant": { about: "refreshing answers invalid_grant" },
  "autodesk-token-service-down": {
    about: "503 from the token endpoint",
    scope: isToken,
    answer: () => htmlAnswer(503, "503 Service Unavailable"),
  },
} as const satisfies FaultKinds;

export type FaultName = keyof typeof FAULT_KINDS | DownloadFault;
export type Faults = AllFaults<FaultName>;
