import { decodeBase64urlIgnorePadding, encodeBase64urlNoPadding } from "@oslojs/encoding";

// An item's id in the API: its sync's id and the provider's id of it, which may hold any character.

export function encodeItemId(syncId: string, remoteId: string): string {
  return `${syncId}.${encodeBase64urlNoPadding(new TextEncoder().encode(remoteId))}`;
}

/** Null for what no item can have as its id. */
export function decodeItemId(id: string): { syncId: string; remoteId: string } | null {
  const [, syncId, encoded] = /^([a-z0-9]+)\.([A-Za-z0-9_-]+)$/.exec(id) ?? [];
  if (syncId === undefined || encoded === undefined) return null;
  try {
    const bytes = decodeBase64urlIgnorePadding(encoded);
    return { syncId, remoteId: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return null;
  }
}
