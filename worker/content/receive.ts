import { ProviderError } from "../providers/errors.ts";
import type { ContentHash, OpenedContent } from "../providers/provider.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { Digests } from "./digests.ts";

/** What the source announces of a content. */
export interface Announced {
  size: number | null;
  hash: ContentHash | null;
}

/** What it served, all of it. */
export interface Served {
  size: number;
  sha256: string;
  /** Whether that is what was announced. */
  matches: boolean;
}

export interface Receipt extends Served {
  /** Whether the last chunk was handed on, too. */
  accepted: boolean;
}

/**
 * Passes a body through the hashes to `write`, in constant memory. The last chunk is withheld until length and hash are known, and
 * `accept` has agreed: what is not accepted is never whole at its end. A body that is cut short, or longer than its own
 * header says, throws a transient ProviderError.
 */
export async function receive(
  opened: OpenedContent,
  announced: Announced,
  write: (chunk: Uint8Array) => Promise<void>,
  accept: (served: Served) => boolean,
  signal?: AbortSignal,
): Promise<Receipt> {
  const reader = new ChunkReader(opened.body, signal ? { signal } : {});
  try {
    const hash = announced.hash ?? opened.hash ?? null;
    const digests = new Digests(hash?.algorithm ?? null);
    let held: Uint8Array | null = null;
    let size = 0;
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      size += chunk.byteLength;
      if (opened.size !== undefined && size > opened.size)
        throw new ProviderError("transient", "The download is longer than its header says.");
      await digests.update(chunk);
      if (held) await write(held);
      held = chunk;
    }
    if (opened.size !== undefined && size < opened.size) throw new ProviderError("transient", "The download was cut short.");
    const { sha256, source } = await digests.finish();
    const matches = (announced.size ?? size) === size && (hash === null || hash.value === source);
    const served = { size, sha256, matches };
    const accepted = accept(served);
    if (accepted && held) await write(held);
    return { ...served, accepted };
  } finally {
    reader.close();
  }
}
