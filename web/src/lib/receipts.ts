// What two receipts of a sync have in common and what not. Pure.
import type { SignedReceipt } from "./wire.ts";

type Receipt = SignedReceipt["receipt"];

export interface Difference {
  name: keyof Receipt["counts"] | "bytes" | "entries";
  before: number;
  after: number;
}

/** Every figure of the later one beside the earlier one's; those that are nought in both are left out. */
export function differencesOf(before: Receipt, after: Receipt): Difference[] {
  const counts = (Object.keys(after.counts) as (keyof Receipt["counts"])[]).map((name) => ({ name, before: before.counts[name], after: after.counts[name] })); // prettier-ignore
  return [
    ...counts,
    { name: "bytes" as const, before: before.bytes, after: after.bytes },
    { name: "entries" as const, before: before.digest.entries, after: after.digest.entries },
  ].filter((difference) => difference.before !== 0 || difference.after !== 0);
}

/** Whether `after` names `before` as the receipt that it follows. */
export async function follows(before: Receipt, after: Receipt): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(before)));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return after.previous === hex;
}

/** JSON with the names of each object sorted, as receipts are signed. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${entries.map(([name, part]) => `${JSON.stringify(name)}:${canonical(part)}`).join(",")}}`;
}
