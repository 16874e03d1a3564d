import { ProviderError } from "../errors.ts";

// A feed is a namespace: the person's own files, or the space of their team, in which the folder of their own files is left
// out. Roots have no id of their own at Dropbox: theirs is made of the namespace's.

const TEAM = "team:";
const ROOT = "ns:";
const NAMESPACE = /^[-_0-9A-Za-z]+$/;

export function homeFeed(namespaceId: string): string {
  return namespaceId;
}

export function teamFeed(namespaceId: string): string {
  return `${TEAM}${namespaceId}`;
}

export function isTeamFeed(feedId: string): boolean {
  return feedId.startsWith(TEAM);
}

/** Throws `not_found` where no feed can have this id. */
export function namespaceOf(feedId: string): string {
  const namespaceId = isTeamFeed(feedId) ? feedId.slice(TEAM.length) : feedId;
  if (!NAMESPACE.test(namespaceId)) throw new ProviderError("not_found", "There is no such Dropbox.");
  return namespaceId;
}

export function rootIdOf(feedId: string): string {
  return `${ROOT}${namespaceOf(feedId)}`;
}
