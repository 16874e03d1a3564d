import type { Attachment } from "./api.ts";

// The names that things of Jira have as files.

const NAME_CHARACTERS_MAX = 180;

/** `WEB-12 Sign-in fails`, fit for a file: no slashes, no line ends, not too long. */
export function titleOf(key: string, summary: string | null | undefined): string {
  const words = fit(summary ?? "");
  const title = words === "" ? key : `${key} ${words}`;
  const characters = [...title];
  return characters.length <= NAME_CHARACTERS_MAX
    ? title
    : `${characters
        .slice(0, NAME_CHARACTERS_MAX - 1)
        .join("")
        .trimEnd()}…`;
}

/** The text of an issue. */
export const documentName = (key: string, summary: string | null | undefined): string => `${titleOf(key, summary)}.md`;

/**
 * An issue may have many attachments of one name: all but the oldest have their id in it. The oldest first. `reserved`: the name of the
 * issue's own text, which they are beside.
 */
export function namesOf(attachments: readonly Attachment[], reserved: string): { id: string; name: string; attachment: Attachment }[] {
  const taken = new Set([reserved.toLowerCase()]);
  return attachments
    .flatMap((attachment) => (attachment.id === null || attachment.id === undefined ? [] : [{ id: String(attachment.id), attachment }]))
    .toSorted((one, other) => Number(one.id) - Number(other.id))
    .map(({ id, attachment }) => {
      const given = fit(attachment.filename ?? "") || id;
      const name = taken.has(given.toLowerCase()) ? withId(given, id) : given;
      taken.add(name.toLowerCase());
      return { id, name, attachment };
    });
}

function withId(name: string, id: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} (${id})${name.slice(dot)}` : `${name} (${id})`;
}

function fit(name: string): string {
  // eslint-disable-next-line no-control-regex -- Control characters are what is meant.
  return name.replace(/[\u0000-\u001f\u007f/\\]+/g, " ").trim();
}
