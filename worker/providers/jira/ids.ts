// The ids of what is copied. They have the site in them, since one connection may reach several, and never the key: an issue that is
// moved to another project gets another key, and stays the same one.

const ID = /^([^/]+)\/([pbida])(\d+)(?:\.(\d+))?$/;
const FEED = /^([^/]+)\/(\d+)$/;
/** Issues whose numbers have the same hundreds are in one folder. */
const FOLDER_ISSUES = 100;

export type ItemId = { siteId: string } & (
  | { kind: "root"; projectId: string }
  | { kind: "hundred"; projectId: string; hundred: number }
  | { kind: "issue" | "document"; issueId: string }
  | { kind: "attachment"; issueId: string; attachmentId: string }
);

export interface FeedId {
  siteId: string;
  projectId: string;
}

export const feedIdOf = ({ siteId, projectId }: FeedId): string => `${siteId}/${projectId}`;

export function readFeedId(id: string): FeedId | undefined {
  const [, siteId, projectId] = FEED.exec(id) ?? [];
  return siteId === undefined || projectId === undefined ? undefined : { siteId, projectId };
}

export const rootId = (feed: FeedId): string => `${feed.siteId}/p${feed.projectId}`;
export const hundredId = (feed: FeedId, hundred: number): string => `${feed.siteId}/b${feed.projectId}.${hundred}`;
export const issueFolderId = (siteId: string, issueId: string): string => `${siteId}/i${issueId}`;
export const documentId = (siteId: string, issueId: string): string => `${siteId}/d${issueId}`;
export const attachmentItemId = (siteId: string, issueId: string, id: string): string => `${siteId}/a${issueId}.${id}`;

export function readItemId(id: string): ItemId | undefined {
  const [, siteId, kind, first, second] = ID.exec(id) ?? [];
  if (siteId === undefined || first === undefined) return undefined;
  if (kind === "b" && second !== undefined) return { siteId, kind: "hundred", projectId: first, hundred: Number(second) };
  if (kind === "a" && second !== undefined) return { siteId, kind: "attachment", issueId: first, attachmentId: second };
  if (second !== undefined) return undefined;
  if (kind === "p") return { siteId, kind: "root", projectId: first };
  return kind === "i" || kind === "d" ? { siteId, kind: kind === "i" ? "issue" : "document", issueId: first } : undefined;
}

/** The number of a key: 12 of `WEB-12`. */
export function numberOf(key: string): number | undefined {
  const [, number] = /^[A-Z][A-Z0-9_]*-(\d{1,9})$/i.exec(key) ?? [];
  return number === undefined ? undefined : Number(number);
}

export const hundredOf = (number: number): number => Math.floor(number / FOLDER_ISSUES);

export function hundredName(projectKey: string, hundred: number): string {
  const first = hundred * FOLDER_ISSUES;
  return `${projectKey}-${Math.max(1, first)} to ${first + FOLDER_ISSUES - 1}`;
}

/** The keys of all issues that can be in such a folder. */
export function keysOf(projectKey: string, hundred: number): string[] {
  const first = hundred * FOLDER_ISSUES;
  return Array.from({ length: FOLDER_ISSUES }, (_, index) => `${projectKey}-${first + index}`).slice(first === 0 ? 1 : 0);
}
