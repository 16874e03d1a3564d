import type { Asked, DownloadFault, FaultKinds } from "../../fault-kinds.ts";
import type { Faults as AllFaults } from "../../faults.ts";

const API = /(?:^|\/)rest\/api\/3\//;
const errors =
  (status: number, ...errorMessages: string[]) =>
  () => ({
    status,
    headers: { "Content-Type": "application/json;charset=UTF-8" },
    body: { errorMessages, errors: {} },
  });
const isCall = ({ path }: Asked): boolean => API.test(path);
const isSearch = ({ path }: Asked): boolean => path.endsWith("/rest/api/3/search/jql");

export const FAULT_KINDS = {
  // Searches.
  "atlassian-jira-small-pages": { about: "searches answer two issues a page" },
  "atlassian-jira-empty-page": { about: "searches answer a page without issues, with a token" },
  "atlassian-jira-index-behind": { about: "searches do not find what was changed in the last five minutes" },
  "atlassian-jira-search-removed": {
    about: "410: the search has been removed",
    scope: isSearch,
    answer: errors(
      410,
      "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046",
    ),
  },
  // Issues.
  "atlassian-jira-bulk-errors": { about: "bulk fetches leave issues out, and say that they may be asked for again" },
  // Attachments.
  "atlassian-jira-redirects": { about: "attachments are redirected to the store of files though no redirect was asked for" },
  "atlassian-jira-redirects-astray": { about: "attachments are redirected to another host" },
  "atlassian-jira-attachments-off": {
    about: "404: attachments are switched off",
    scope: ({ path }: Asked) => path.includes("/rest/api/3/attachment/content/"),
    answer: errors(404, "The attachment was not found."),
  },
  // Weather.
  "atlassian-jira-quota-global": {
    about: "429 of the app's points of the hour, with Retry-After and its reset as a date",
    scope: isCall,
    answer: () => ({
      status: 429,
      headers: {
        "Content-Type": "application/json",
        "Retry-After": "1847",
        "X-RateLimit-Limit": "65000",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": new Date(Date.now() + 1_847_000).toISOString(),
        "RateLimit-Reason": "jira-quota-global-based",
      },
      body: { errorMessages: ["Rate limit exceeded."], errors: {} },
    }),
  },
  // Webhooks.
  "atlassian-jira-webhook-limit": { about: "no more webhooks are registered: there are five" },
  "atlassian-jira-one-url": { about: "webhooks of another address than those that are there are refused" },
  "atlassian-jira-refresh-text": { about: "a refresh tells the end of webhooks as a text, as in the vendor's example" },
  "atlassian-jira-notification-forged": { about: "notifications are signed with another secret" },
} as const satisfies FaultKinds;

export type Faults = AllFaults<keyof typeof FAULT_KINDS | DownloadFault>;
