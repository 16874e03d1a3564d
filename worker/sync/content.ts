// Whether two contents are the same, by what is known of them. No I/O.

/** What a source says of one content. */
export interface ContentMarks {
  /** `algorithm:value`. */
  hash: string | null;
  contentTag: string | null;
  size: number | null;
  /** Milliseconds since 1970; sources keep whole seconds. */
  modifiedAt: number | null;
}

const SECOND_MILLISECONDS = 1000;

/**
 * Two sizes are two contents, whatever a hash says: sources have been seen to name one hash for both. Otherwise the strongest
 * field that both sides have decides: hash, then content tag, then size with time. A tag or hash that appears, vanishes or
 * changes its form decides nothing: the next field does. Where no field is on both sides the contents count as different,
 * since a needless download costs less than a stale copy.
 */
export function sameContent(one: ContentMarks, other: ContentMarks): boolean {
  if (one.size !== null && other.size !== null && one.size !== other.size) return false;
  if (one.hash && other.hash && algorithmOf(one.hash) === algorithmOf(other.hash)) return one.hash === other.hash;
  if (one.contentTag && other.contentTag && tagForm(one.contentTag) === tagForm(other.contentTag)) {
    return one.contentTag === other.contentTag;
  }
  if (one.size === null || other.size === null || one.modifiedAt === null || other.modifiedAt === null) return false;
  return wholeSeconds(one.modifiedAt) === wholeSeconds(other.modifiedAt);
}

function algorithmOf(hash: string): string {
  return hash.slice(0, hash.indexOf(":"));
}

/** The tag's punctuation: `"c:{GUID},rev"` and `aYzpN…` are two forms, whatever their letters. */
function tagForm(tag: string): string {
  return tag.replace(/[0-9A-Za-z+/=_]+/g, "w");
}

function wholeSeconds(at: number): number {
  return Math.floor(at / SECOND_MILLISECONDS);
}
