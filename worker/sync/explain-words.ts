import type { Wantedness } from "./rules.ts";

// Reasons in sentences that a person understands. No I/O.

const REASONS: Readonly<Record<string, string>> = {
  too_large: "It is larger than what can be stored",
  malware: "The source marks it as malware and does not hand it out",
  notebook: "It is a notebook: the source has no single file of it to hand out",
  shortcut: "It is a shortcut to something in another place",
  vault: "It is in a vault that is closed to apps",
  no_content: "It has nothing that could be downloaded, such as a link or a model that exists only in the cloud",
  not_exportable: "The source has no file form of it that could be kept, or one that is larger than it gives out",
  unknown_kind: "The source describes it as something that is neither file nor folder",
  malformed: "The source's description of it could not be read",
  auth: "The sign-in at the source is no longer valid",
  throttled: "The source asked us to slow down",
  transient: "The source could not hand it out just then",
  not_found: "The source listed it, but it was not there when it was fetched",
  forbidden: "The source refuses to hand it out to this account",
  blocked: "A policy at the source blocks it",
  unsupported: "The source cannot hand it out",
  expired_url: "Its download address ran out before it was fetched",
  fatal: "What the source sent was not the file that it announced",
  storage: "Our storage did not take it",
  quota: "There is no room left within what you may store",
  lost: "Its stored content was found missing, and the source no longer has it",
  damaged: "Its stored content was found damaged, and the source no longer has it",
  many_removals: "too much was gone at once to be believed",
  sentinel_missing: "the file or folder that must exist was gone as well",
  emptied: "the whole source was suddenly empty",
  excluded: "a changed rule would have taken too much out at once",
  retry: "the last attempt failed",
  paused: "this sync is paused",
  reconnect: "you must sign in at the source again",
};

/** Without a full stop; one that is not known is told as it is. */
export function reasonWords(reason: string | null): string {
  if (reason === null) return "No reason was noted";
  return REASONS[reason] ?? `The reason is “${reason}”`;
}

/** What a run's log says of an item whose content cannot be kept. */
export function skippedNote(name: string, reason: string | null): string {
  return `Skipped “${name}”. ${reasonWords(reason)}.`;
}

const KEPT_WORDS = {
  restored: "you restored it",
  discarded: "you decided against its removal",
  option: "this sync keeps what the source removes",
} as const;

export function keptWords(kept: keyof typeof KEPT_WORDS): string {
  return KEPT_WORDS[kept];
}

/** Which rule leaves it out. */
export function exclusionWords(unwanted: Extract<Wantedness, { wanted: false }>): string {
  switch (unwanted.reason) {
    case "not_selected":
      return `It is not among the folders that are kept: ${unwanted.detail}`;
    case "type":
      return `Files of its type are left out: ${unwanted.detail}`;
    case "glob":
      return `A pattern leaves it out: ${unwanted.detail}`;
    case "size":
      return `It is too large for this sync's limit: ${unwanted.detail}`;
    case "date":
      return `Its date is outside of what is kept: ${unwanted.detail}`;
    case "unplaced":
      return "Whether it is wanted is not known yet: the source has not shown all folders above it";
  }
}
