import { htmlAnswer } from "../answers.ts";
import type { Asked, DownloadFault, FaultKinds } from "../fault-kinds.ts";
import type { Faults as AllFaults } from "../faults.ts";
import { claimsChallengeAnswer, frontDoorThrottledAnswer, graphAnswer, resyncAnswer, throttledAnswer } from "./fault-answers.ts";
import {
  isChildren,
  isDelta,
  isDeltaToken,
  isDownload,
  isFollowedSites,
  isGraph,
  isGraphOrDownload,
  isItem,
  isRange,
  isSiteSearch,
  isSubscriptionCreation,
  isSubscriptionRenewal,
} from "./fault-scopes.ts";
import { GRAPH_HOST } from "./hosts.ts";

const enumeration = (asked: Asked, site: (host: string) => string): string =>
  `${site(GRAPH_HOST)}${asked.path.replace(/\(.*$/, "")}?token=`;

export const FAULT_KINDS = {
  // Delta: what a page holds.
  "duplicate-items": { about: "delta repeats some items, on the same page and on later ones" },
  "create-before-delete": { about: "delta reports new items before the deletions and renames that made room for them" },
  "empty-page": { about: "delta answers a page without items, with a nextLink" },
  "folder-tombstone-only": { about: "deleting a folder reports the folder's tombstone only, not those of what was in it" },
  "missing-tombstones": { about: "deletions never show up in delta" },
  "plain-tombstones": { about: "work accounts: deletions come in full pages instead of sevens" },
  "bogus-tombstones": { about: "tombstones carry a hash of zeros and dates of the year 1" },
  "missing-hash": { about: "files come without hashes" },
  "missing-ctag": { about: "items come without cTag, everywhere" },
  "ctag-in-delta": { about: "work accounts: delta reports cTag, as SharePoint libraries do" },
  "path-in-delta": { about: "delta reports parentReference.path" },
  "missing-size": { about: "items come without size" },
  "missing-download-url": { about: "delta items come without a download URL" },
  "enumeration-ghosts": { about: "what is deleted during an enumeration is never reported as deleted" },
  "delta-lag": { about: "delta does not show changes younger than delayMs (10 s unless set)" },
  "malformed-item": { about: "delta items lose their name and parentReference" },
  // Delta: refusals.
  "resync-required": {
    about: "410 resyncRequired with a Location",
    scope: isDeltaToken,
    answer: (asked, site) => resyncAnswer("resyncRequired", undefined, enumeration(asked, site)),
  },
  "resync-apply-differences": {
    about: "410 resyncChangesApplyDifferences with a Location",
    scope: isDeltaToken,
    answer: (asked, site) => resyncAnswer("resyncChangesApplyDifferences", "resyncApplyDifferences", enumeration(asked, site)),
  },
  "resync-upload-differences": {
    about: "410 resyncChangesUploadDifferences with a Location",
    scope: isDeltaToken,
    answer: (asked, site) => resyncAnswer("resyncChangesUploadDifferences", "resyncUploadDifferences", enumeration(asked, site)),
  },
  "resync-inner-code": {
    about: "410 resyncRequired whose inner code is resyncChangesApplyDifferences",
    scope: isDeltaToken,
    answer: (asked, site) => resyncAnswer("resyncRequired", "resyncChangesApplyDifferences", enumeration(asked, site)),
  },
  "sync-state-not-found": {
    about: "410 syncStateNotFound without a Location",
    scope: isDeltaToken,
    answer: () => resyncAnswer("syncStateNotFound", undefined, undefined),
  },
  "resync-without-location": {
    about: "410 resyncRequired without a Location",
    scope: isDeltaToken,
    answer: () => resyncAnswer("resyncRequired", undefined, undefined),
  },
  "resync-broken-location": {
    about: "410 with a Location that cannot be read",
    scope: isDeltaToken,
    answer: (asked, site) => resyncAnswer("resyncRequired", undefined, `${enumeration(asked, site)}%2525broken`),
  },
  "token-not-found": {
    about: "404 itemNotFound for a delta token",
    scope: isDeltaToken,
    answer: () => graphAnswer(404, "itemNotFound", "The resource could not be found."),
  },
  "token-refused": {
    about: "400 for a delta token",
    scope: isDeltaToken,
    answer: () => graphAnswer(400, "invalidRequest", "Invalid API or resource"),
  },
  "token-timeout": {
    about: "504 for a delta token",
    scope: isDeltaToken,
    answer: () => graphAnswer(504, "GatewayTimeout", "The gateway did not receive a response in time."),
  },
  "snapshot-failed": {
    about: "500 cannotSnapshotTree from delta",
    scope: isDelta,
    answer: () =>
      graphAnswer(
        500,
        "generalException",
        "General exception while processing",
        {},
        { code: "cannotSnapshotTree", message: "Failed to get a consistent delta snapshot. Try again later." },
      ),
  },
  "folder-delta-unsupported": { about: "personal accounts: delta of a folder answers 501, as it always does for work accounts" },
  // Items.
  "item-lag": {
    about: "an item that delta has listed answers 404 by id for a while",
    scope: isItem,
    answer: () => graphAnswer(404, "itemNotFound", "The resource could not be found."),
  },
  "transient-not-found": {
    about: "404 itemNotFound for what is there",
    scope: isGraph,
    answer: () => graphAnswer(404, "itemNotFound", "Item does not exist"),
  },
  "access-denied": {
    about: "403 accessDenied",
    scope: isGraphOrDownload,
    answer: () => graphAnswer(403, "accessDenied", "Access denied"),
  },
  "object-handle-invalid": {
    about: "400 ObjectHandle is Invalid, as for a Personal Vault",
    scope: isChildren,
    answer: () => graphAnswer(400, "invalidRequest", "ObjectHandle is Invalid"),
  },
  "followed-sites-unsupported": {
    about: "403: the sites that somebody follows are not listed, as for guests",
    scope: isFollowedSites,
    answer: () => graphAnswer(403, "accessDenied", "This operation is not supported under this site."),
  },
  "site-search-empty": {
    about: "the search over sites finds nothing, as where its index is behind",
    scope: isSiteSearch,
    answer: () => ({ status: 200, headers: { "Content-Type": "application/json" }, body: { value: [] } }),
  },
  "not-provisioned": {
    about: "404: the user has no OneDrive",
    scope: isGraph,
    answer: () => graphAnswer(404, "ResourceNotFound", "User's mysite not found."),
  },
  "personal-vault": { about: "items look like a Personal Vault: no webUrl, size 0" },
  "one-note-package": { about: "folders look like OneNote notebooks" },
  shortcut: { about: "folders look like shortcuts to another drive (remoteItem)" },
  "drive-id-flips": { about: "personal drive ids change case and lose their leading zero" },
  "encoded-names": { about: "names come percent-encoded" },
  "size-mismatch": { about: "the size in the listing is not that of the download" },
  "hash-mismatch": { about: "the hash in the listing is not that of the download" },
  // Downloads.
  "download-expired": {
    about: "401 although the download URL is fresh",
    scope: isDownload,
    answer: () => graphAnswer(401, "unauthenticated", "The provided token is expired or invalid."),
  },
  "download-not-found": { about: "404 from the download host", scope: isDownload, answer: () => htmlAnswer(404, "404 FILE NOT FOUND") },
  "download-gone": { about: "410 from the download host", scope: isDownload, answer: () => htmlAnswer(410, "Gone") },
  "download-html": {
    about: "200 with a page of HTML instead of the file",
    scope: isDownload,
    answer: () => htmlAnswer(200, "Sign in to your account"),
  },
  "range-not-satisfiable": { about: "416 for any Range", scope: isRange, answer: () => ({ status: 416, headers: {}, body: "" }) },
  "download-restricted": {
    about: "403 accessRestricted, as where rights management or a sensitivity label keeps a file from being downloaded",
    scope: isDownload,
    answer: () => graphAnswer(403, "accessDenied", "Access denied", {}, { code: "accessRestricted" }),
  },
  malware: { about: "files are marked as malware, and refused with 403 as JSON" },
  "malware-html": { about: "files are marked as malware, and refused with 403 as HTML and X-Virus-Infected" },
  "malware-empty": { about: "files are marked as malware, and refused with an empty 400" },
  locked: {
    about: "423 resourceLocked: the file is checked out, or being edited",
    scope: isDownload,
    answer: () => graphAnswer(423, "resourceLocked", "The file is locked or checked out."),
  },
  "bandwidth-exceeded": {
    about: "509 Bandwidth Limit Exceeded",
    scope: isDownload,
    answer: () => htmlAnswer(509, "Bandwidth Limit Exceeded"),
  },
  // Throttling.
  throttle: {
    about: "resource units are limited to unitsPerMinute (1,250 unless set) for an application in a tenant, or for match.account",
  },
  throttled: { about: "429 with Retry-After: 2", scope: isGraphOrDownload, answer: () => throttledAnswer(2) },
  "throttled-without-retry-after": {
    about: "429 without Retry-After",
    scope: isGraphOrDownload,
    answer: () => throttledAnswer(undefined),
  },
  "throttled-long": { about: "429 with a Retry-After of an hour", scope: isGraphOrDownload, answer: () => throttledAnswer(3600) },
  "throttled-rate-limit": {
    about: "429 with Retry-After and a later RateLimit-Reset",
    scope: isGraph,
    answer: () => throttledAnswer(2, { limit: 1250, resetSeconds: 4 }),
  },
  "throttled-front-door": {
    about: "429 TooManyRequests, as Graph's front door writes it",
    scope: isGraph,
    answer: () => frontDoorThrottledAnswer(10),
  },
  "server-busy": {
    about: "503 serviceNotAvailable with Retry-After: 2",
    scope: isGraphOrDownload,
    answer: () =>
      graphAnswer(503, "serviceNotAvailable", "The service is not available. Try the request again after a delay.", { "Retry-After": "2" }),
  },
  "bad-gateway": { about: "502 with a page of HTML", scope: isGraphOrDownload, answer: () => htmlAnswer(502, "Bad Gateway") },
  "server-error": {
    about: "500 generalException",
    scope: isGraph,
    answer: () => graphAnswer(500, "generalException", "An unspecified error has occurred."),
  },
  // Subscriptions and notifications.
  "subscription-conflict": { about: "409 ObjectIdentifierInUse on creating a second subscription, instead of a second one" },
  "subscription-limit": {
    about: "403: the maximum number of subscriptions has been reached",
    scope: isSubscriptionCreation,
    answer: () =>
      graphAnswer(
        403,
        "ExtensionError",
        "Operation: Create; Exception: [Status Code: Forbidden; Reason: Maximum number of subscriptions has been reached]",
      ),
  },
  "subscription-forbidden": {
    about: "403 on creating a subscription with a read scope",
    scope: isSubscriptionCreation,
    answer: () => graphAnswer(403, "accessDenied", "Access denied"),
  },
  "subscription-lost": {
    about: "404 on renewing",
    scope: isSubscriptionRenewal,
    answer: () => graphAnswer(404, "ResourceNotFound", "The object was not found."),
  },
  "subscription-moved": {
    about: "308 without Location on renewing",
    scope: isSubscriptionRenewal,
    answer: () => ({ status: 308, headers: {}, body: "" }),
  },
  "subscription-short": { about: "subscriptions are granted an hour at most" },
  "notification-duplicate": { about: "each notification is sent twice" },
  "notification-late": { about: "notifications come delayMs (10 s unless set) later" },
  "notification-mixed": { about: "a notification's POST also carries one of an unknown subscription, with a foreign clientState" },
  "notification-without-client-state": { about: "notifications come without clientState" },
  "notification-old-form": { about: "notifications have the older personal form: expirationDateTime, no tenantId" },
  "lifecycle-reauthorization": { about: "each change also sends reauthorizationRequired" },
  "lifecycle-removed": { about: "each change also sends subscriptionRemoved" },
  "lifecycle-missed": { about: "each change also sends missed" },
  "delivery-paused": { about: "after its access token's end a subscription delivers nothing until it is reauthorised" },
  // Sign-in.
  "invalid-grant": { about: "refreshing answers invalid_grant (AADSTS700082)" },
  "interaction-required": { about: "refreshing answers interaction_required (AADSTS50076) with claims" },
  "consent-required": { about: "refreshing answers consent_required (AADSTS65001); prompt=none as well" },
  "admin-consent-required": { about: "signing in ends with access_denied (AADSTS90094): an administrator must consent" },
  "all-scopes-need-admin": {
    about:
      "as by Microsoft's default policy: signing in for Files.*.All or Sites.*.All ends with AADSTS90094 until an administrator has consented",
  },
  "expired-secret": { about: "the client's secret has expired: invalid_client (AADSTS7000222)" },
  "refresh-token-reuse-refused": { about: "a refresh token works once; the old one is refused with invalid_grant" },
  "token-service-down": { about: "503 temporarily_unavailable (AADSTS90033) from the token endpoint" },
  "missing-refresh-token": { about: "token answers come without a refresh token" },
  "narrow-scope": { about: "token answers grant less than what was asked for: User.Read only" },
  "access-token-expired": {
    about: "401 InvalidAuthenticationToken although the token is fresh",
    scope: isGraph,
    answer: () =>
      graphAnswer(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.", {
        "WWW-Authenticate":
          'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"',
      }),
  },
  "claims-challenge": { about: "401 with claims that a new token must meet", scope: isGraph, answer: claimsChallengeAnswer },
} as const satisfies FaultKinds;

export type FaultName = keyof typeof FAULT_KINDS | DownloadFault;
export type Faults = AllFaults<FaultName>;
