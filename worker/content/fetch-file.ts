import { asProviderError, ProviderError } from "../providers/errors.ts";
import type { DownloadUrl } from "../providers/provider.ts";
import { STORABLE_BYTES_MAX } from "../sync/item.ts";
import { PUT_BYTES_MAX } from "../sync/large.ts";
import { EMPTY_DIGESTS, parseHash } from "./digests.ts";
import type { FileResult, LeasedFile } from "../sync/job.ts";
import type { Served } from "./receive.ts";
import { failed, type FileWork, isUnexpectedPage, lookAgain, mayDiffer, open } from "./source.ts";
import { StorageError } from "./pour.ts";
import { storeContent, storeEmpty } from "./store.ts";

/** Fetches one content into the bucket, verified. Never throws: every outcome is a result. */
export async function fetchFile(work: FileWork): Promise<FileResult> {
  const { file, destination } = work;
  try {
    if ((file.size ?? 0) > bytesMaxOf(work)) return tooLarge(file);
    if (!isEmpty(file)) return await download(work);
    await storeEmpty(destination, EMPTY_DIGESTS.sha256);
    return stored(file, { size: 0, sha256: EMPTY_DIGESTS.sha256, matches: true });
  } catch (error) {
    if (!(error instanceof StorageError)) return failed(file, asProviderError(error));
    // Whether the object came into being is not known: it must not. Where this fails too, the next lease names the key.
    await destination.bucket.delete(destination.key).catch(() => undefined);
    return { index: file.index, outcome: "failed", kind: "storage", message: `${error.message} ${String(error.cause ?? "")}`.trim() };
  }
}

/** Downloads, at most twice whole: an address that has run out is renewed once, other bytes than announced are asked for once more. */
async function download(work: FileWork): Promise<FileResult> {
  const { file, addresses } = work;
  let address = addresses.planned(file) ?? undefined;
  let renewed = address === undefined;
  let first: Served | null = null;
  if (renewed) {
    const current = await lookAgain(work, 0);
    if ("outcome" in current) return current;
    address = current.download;
  }
  for (;;) {
    const startedAt = Date.now();
    const outcome = await attempt(work, address, first);
    if (outcome.kind === "stored") return stored(file, outcome.served);
    if (outcome.kind === "too_large") return tooLarge(file);
    if (outcome.kind === "run_out") {
      if (renewed) return failed(file, new ProviderError("expired_url", "The download address was refused, and so was a new one."));
      if (address) addresses.refused(address);
    } else if (first !== null) {
      const problem = new ProviderError("transient", "The source serves other bytes than it announces, and others each time.");
      return { ...failed(file, problem), differing: true };
    } else first = outcome.served;
    const current = await lookAgain(work, outcome.kind === "run_out" ? 0 : startedAt);
    if ("outcome" in current) return current;
    address = current.download;
    renewed = true;
  }
}

type Attempt = { kind: "stored"; served: Served } | { kind: "other_bytes"; served: Served } | { kind: "run_out" } | { kind: "too_large" };

async function attempt(work: FileWork, address: DownloadUrl | undefined, first: Served | null): Promise<Attempt> {
  const { file, destination, signal } = work;
  const opened = await open(work, address);
  if (opened === null) return { kind: "run_out" };
  if (isUnexpectedPage(opened, file)) {
    await opened.body.cancel().catch(() => undefined);
    return { kind: "run_out" };
  }
  const length = opened.size ?? first?.size ?? file.size;
  if ((length ?? 0) > bytesMaxOf(work)) {
    await opened.body.cancel().catch(() => undefined);
    return { kind: "too_large" };
  }
  // At first only what was announced will do: another length cannot be that, and is only measured.
  const hopeless = first === null && file.size !== null && length !== file.size;
  const accept = (served: Served) => served.matches || (first !== null && (served.sha256 === first.sha256 || mayDiffer(file)));
  const announced = { size: file.size, hash: parseHash(file.hash) };
  const { accepted, ...served } = await storeContent(destination, opened, announced, hopeless ? null : length, accept, signal);
  return { kind: accepted ? "stored" : "other_bytes", served };
}

/** Nothing to ask for: announced as empty, and with no hash that says otherwise. */
function isEmpty(file: LeasedFile): boolean {
  const hash = parseHash(file.hash);
  return file.size === 0 && (hash === null || hash.value === EMPTY_DIGESTS[hash.algorithm]);
}

function stored(file: LeasedFile, served: Served): FileResult {
  const { index, remoteId, storedId } = file;
  return { index, outcome: "stored", remoteId, storedId, size: served.size, sha256: served.sha256, differs: !served.matches };
}

function bytesMaxOf({ destination }: FileWork): number {
  return destination.parts ? STORABLE_BYTES_MAX : PUT_BYTES_MAX;
}

function tooLarge(file: LeasedFile): FileResult {
  return { index: file.index, outcome: "failed", kind: "too_large", message: "The file is larger than one object can be." };
}
