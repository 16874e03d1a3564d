import { createHash, type Hash } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { computedBytes, readContent, type Content } from "./content.ts";
import { QuickXorHash } from "./quick-xor.ts";

const BYTES_BETWEEN_BREATHS = 16 * 1024 * 1024;

/** The hashes that drives keep. */
export type HashName = "quickXor" | "sha1" | "sha256";
export type Hashes = Partial<Record<HashName, string>>;
type AnyHashName = HashName | "md5";

/** The asked hashes of a content: quickXor in base64, the others in lower-case hex. */
export async function hashContent<Name extends AnyHashName>(
  content: Content,
  names: readonly Name[],
): Promise<Partial<Record<Name, string>>> {
  const quickXor = (names as readonly AnyHashName[]).includes("quickXor") ? new QuickXorHash() : undefined;
  const digests = new Map<AnyHashName, Hash>();
  for (const name of names) if (name !== "quickXor") digests.set(name, createHash(name));
  const update = (bytes: Uint8Array): void => {
    quickXor?.update(bytes);
    for (const digest of digests.values()) digest.update(bytes);
  };
  if (content.kind === "computed" && content.size < BYTES_BETWEEN_BREATHS) {
    for (const bytes of computedBytes(content.seed, 0, content.size)) update(bytes);
  } else {
    let sinceBreath = 0;
    for await (const bytes of readContent(content)) {
      update(bytes);
      sinceBreath += bytes.length;
      if (sinceBreath > BYTES_BETWEEN_BREATHS) {
        sinceBreath = 0;
        await breathe();
      }
    }
  }
  const hashes: Partial<Record<AnyHashName, string>> = {};
  if (quickXor !== undefined) hashes.quickXor = quickXor.digest();
  for (const [name, digest] of digests) hashes[name] = digest.digest("hex");
  return hashes;
}
