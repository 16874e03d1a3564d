import type { Asked, FaultKinds } from "../../fault-kinds.ts";

const isSearch = ({ path }: Asked): boolean => path.endsWith("/wiki/rest/api/content/search");

const json = (status: number, body: object) => () => ({ status, headers: { "Content-Type": "application/json" }, body });

export const CONFLUENCE_FAULTS = {
  // Lists.
  "atlassian-confluence-empty-page": { about: "Confluence: lists answer a page without results, and lead on" },
  "atlassian-confluence-endless": { about: "Confluence: the last page of a list leads on to pages without results" },
  "atlassian-confluence-duplicates": { about: "Confluence: lists tell some results twice" },
  "atlassian-confluence-malformed": { about: "Confluence: pages of lists have no title" },
  "atlassian-confluence-cursor-refused": {
    about: "Confluence: 400 for every cursor",
    scope: ({ search }) => /[?&]cursor=/.test(search),
    answer: json(400, { errors: [{ status: 400, code: "INVALID_REQUEST_PARAMETER", title: "Provided value for 'cursor' is not valid", detail: null }] }), // prettier-ignore
  },
  "atlassian-confluence-anonymous": {
    about: "Confluence: the API token is not taken, and lists are answered as to somebody who is not signed in",
    scope: ({ path }) => /\/wiki\/api\/v2\//.test(path),
    answer: () => ({
      status: 200,
      headers: { "Content-Type": "application/json", "X-Seraph-LoginReason": "AUTHENTICATED_FAILED" },
      body: { results: [], _links: {} },
    }),
  },
  // Search.
  "atlassian-confluence-index-behind": { about: "Confluence: search does not know of the last half hour" },
  "atlassian-confluence-search-refused": {
    about: "Confluence: 400, the CQL could not be parsed",
    scope: isSearch,
    answer: json(400, {
      statusCode: 400,
      data: { authorized: false, valid: true, errors: [], successful: false },
      message: "com.atlassian.confluence.api.service.exceptions.BadRequestException: Could not parse cql",
    }),
  },
  "atlassian-confluence-search-scope-missing": {
    about: "Confluence: 401, search is not among the scopes",
    scope: isSearch,
    answer: json(401, { code: 401, message: "Unauthorized; scope does not match" }),
  },
  // Contents.
  "atlassian-confluence-hidden": { about: "Confluence: pages and attachments that are there are not shown; match.item: by title" },
  "atlassian-confluence-body-broken": {
    about: "Confluence: 500 for the body of a page",
    scope: ({ search }) => search.includes("body-format="),
    answer: json(500, { statusCode: 500, message: "Error rendering content" }),
  },
  "atlassian-confluence-version-gone": {
    about: "Confluence: 404 for the download of a version",
    scope: ({ path }) => /\/child\/attachment\/[^/]+\/download$/.test(path),
    answer: json(404, { statusCode: 404, message: "No attachment version found" }),
  },
} as const satisfies FaultKinds;

export type ConfluenceFault = keyof typeof CONFLUENCE_FAULTS;
