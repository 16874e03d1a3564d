import type { ProviderFacts } from "../provider.ts";
import { BATCH_MAX } from "./batch.ts";

/** An address is good for an hour by its own token. */
const DOWNLOAD_URL_SECONDS = 50 * 60;

/** Of every drive that Graph has: a person's, or a library. */
export const facts: ProviderFacts = {
  hashAlgorithms: ["quickXorHash", "sha256", "sha1"],
  rangedReads: true,
  reportsRemovals: true,
  downloadUrlSeconds: DOWNLOAD_URL_SECONDS,
  lookupMax: BATCH_MAX,
};
