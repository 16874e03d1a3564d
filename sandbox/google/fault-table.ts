import { htmlAnswer } from "../answers.ts";
import type { Asked, DownloadFault, FaultKinds } from "../fault-kinds.ts";
import type { Faults as AllFaults } from "../faults.ts";
import { driveAnswer, scopeInsufficient, tokenRefused, usageLimit } from "./drive-error.ts";
import { API_HOST } from "./hosts.ts";

const isDrive = ({ host, path }: Asked): boolean => host === API_HOST && path.startsWith("/drive/v3/");
const isMedia = (asked: Asked): boolean => isDrive(asked) && /[?&]alt=media\b/.test(asked.search);
const isExport = (asked: Asked): boolean => isDrive(asked) && asked.path.endsWith("/export");
const isContent = (asked: Asked): boolean => isMedia(asked) || isExport(asked);
const isFile = (asked: Asked): boolean => isDrive(asked) && /\/files\/[^/]+$/.test(asked.path) && !isMedia(asked);
const hasPageToken = (asked: Asked): boolean => isDrive(asked) && /[?&]pageToken=/.test(asked.search);
const isWatch = (asked: Asked): boolean => isDrive(asked) && asked.path.endsWith("/watch");
const isPdfExport = (asked: Asked): boolean => isExport(asked) && decodeURIComponent(asked.search).includes("application/pdf");

export const FAULT_KINDS = {
  "google-user-rate-limit": {
    about: "403 userRateLimitExceeded",
    scope: isDrive,
    answer: () => usageLimit(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
  },
  "google-rate-limit": {
    about: "403 rateLimitExceeded",
    scope: isDrive,
    answer: () => usageLimit(403, "rateLimitExceeded", "Rate Limit Exceeded"),
  },
  "google-too-many-requests": {
    about: "429 rateLimitExceeded",
    scope: isDrive,
    answer: () => usageLimit(429, "rateLimitExceeded", "Rate Limit Exceeded"),
  },
  "google-daily-limit": {
    about: "403 dailyLimitExceeded",
    scope: isDrive,
    answer: () => usageLimit(403, "dailyLimitExceeded", "Daily Limit Exceeded"),
  },
  "google-quota": { about: "a person's quota units are so many a minute as unitsPerMinute says (1000 unless set)" },
  "google-backend-error": {
    about: "500 backendError",
    scope: isDrive,
    answer: () => driveAnswer(500, "backendError", "Internal Error"),
  },
  "google-bad-gateway": { about: "502 as a page of HTML", scope: isDrive, answer: () => htmlAnswer(502, "Error 502 (Server Error)!!1") },
  "google-token-refused": { about: "401 authError although the token is fresh", scope: isDrive, answer: tokenRefused },
  "google-scope-insufficient": {
    about: "403 insufficientPermissions: the scope was not granted",
    scope: isDrive,
    answer: scopeInsufficient,
  },
  "google-not-enabled": {
    about: "403 accessNotConfigured: the project has not enabled the API",
    scope: isDrive,
    answer: () => usageLimit(403, "accessNotConfigured", "Google Drive API has not been used in project 1 before or it is disabled."),
  },
  "google-domain-policy": {
    about: "403 domainPolicy: the administrator forbids apps",
    scope: isDrive,
    answer: () => driveAnswer(403, "domainPolicy", "The domain administrators have disabled Drive apps."),
  },
  "google-page-token-invalid": {
    about: "400 invalid for every page token",
    scope: hasPageToken,
    answer: () => driveAnswer(400, "invalid", "Invalid Value", { location: "pageToken" }),
  },
  "google-incomplete-search": { about: "lists say incompleteSearch, and leave out every second file" },
  "google-empty-page": { about: "lists and changes begin with an empty page" },
  "google-old-checksums": { about: "files come without sha256Checksum" },
  "google-missing-checksums": { about: "files come without any checksum" },
  "google-malformed-file": { about: "files come with a size that is no number" },
  "google-descendants-told": { about: "changes tell of what was trashed or brought back with its folder, too" },
  "google-limited-items": { about: "files without capabilities.canDownload, and 403 cannotDownloadFile for their content" },
  "google-abusive": { about: "403 cannotDownloadAbusiveFile for a file's content" },
  "google-download-quota": {
    about: "403 downloadQuotaExceeded for contents",
    scope: isContent,
    answer: () => usageLimit(403, "downloadQuotaExceeded", "The download quota for this file has been exceeded."),
  },
  "google-export-too-large": {
    about: "403 exportSizeLimitExceeded for every export",
    scope: isExport,
    answer: () => driveAnswer(403, "exportSizeLimitExceeded", "This file is too large to be exported."),
  },
  "google-pdf-export-broken": {
    about: "500 for every export as PDF, as for those that are too large",
    scope: isPdfExport,
    answer: () => driveAnswer(500, "internalError", "Internal Error"),
  },
  "google-export-link-broken": { about: "export links lead to a sign-in page" },
  "google-export-forbidden": {
    about: "403 cannotExportFile for every export",
    scope: isExport,
    answer: () => driveAnswer(403, "cannotExportFile", "This file cannot be exported by the user."),
  },
  "google-file-not-found": {
    about: "404 notFound for files that are there",
    scope: isFile,
    answer: () => driveAnswer(404, "notFound", "File not found: .", { location: "fileId" }),
  },
  "google-file-forbidden": {
    about: "403 insufficientFilePermissions for files",
    scope: isFile,
    answer: () => driveAnswer(403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."),
  },
  "google-watch-refused": {
    about: "401 webhookUrlUnauthorized on watching",
    scope: isWatch,
    answer: () => driveAnswer(403, "forbidden", "Unauthorized WebHook callback channel"),
  },
  "google-channel-short": { about: "channels are granted an hour at most" },
  "google-state-changed": { about: "notifications of changes say `changed`, as the guide's example does, instead of `change`" },
  // Sign-in.
  "google-invalid-grant": { about: "refreshing answers invalid_grant: the token has been expired or revoked" },
  "google-admin-policy": { about: "signing in ends with admin_policy_enforced" },
  "google-scope-unticked": { about: "people sign in without ticking the box for their files" },
  "google-token-service-down": { about: "503 from the token endpoint" },
} as const satisfies FaultKinds;

export type FaultName = keyof typeof FAULT_KINDS | DownloadFault;
export type Faults = AllFaults<FaultName>;
