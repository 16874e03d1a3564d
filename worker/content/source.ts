import { ProviderError } from "../providers/errors.ts";
import type { ByteRange, DownloadUrl, OpenedContent, Provider } from "../providers/provider.ts";
import { sameContent } from "../sync/content.ts";
import type { FileResult, LeasedFile } from "../sync/job.ts";
import type { Addresses } from "./addresses.ts";
import type { Destination } from "./store.ts";

// What a download asks of the source.

/** After so many attempts in which a file was served otherwise than announced, and otherwise each time, it is kept as it is served. */
const DIFFERED_ATTEMPTS_MAX = 3;
/** Likewise after so many attempts of any kind, over several days: else one that also fails for other reasons is never kept. */
const GIVEN_UP_ATTEMPTS_MAX = 7;

export interface FileWork {
  file: LeasedFile;
  feedId: string;
  provider: Provider;
  addresses: Addresses;
  destination: Destination;
  signal: AbortSignal;
}

/** Null where the address has run out. */
export async function open(
  { provider, file, feedId, signal }: FileWork,
  address: DownloadUrl | undefined,
  range?: ByteRange,
): Promise<OpenedContent | null> {
  try {
    return await provider.open({ id: file.remoteId, feedId, ...(address && { download: address }) }, { signal, ...(range && { range }) });
  } catch (error) {
    if (error instanceof ProviderError && error.kind === "expired_url") return null;
    throw error;
  }
}

/** What the source has now: the same content, with its address, or what became of it. `since`: an answer of an earlier time will not do. */
export async function lookAgain(work: FileWork, since: number): Promise<FileResult | { download: DownloadUrl | undefined }> {
  const { file } = work;
  const current = await work.addresses.ask(file.remoteId, since);
  if (current.status === "gone") return failed(file, new ProviderError("not_found", "The file is no longer at the source."));
  if (current.status === "refused") return failed(file, new ProviderError("forbidden", "The source refuses access to the file."));
  const { entry } = current;
  const marks = {
    hash: entry.hash ? `${entry.hash.algorithm}:${entry.hash.value}` : null,
    contentTag: entry.contentTag ?? null,
    size: entry.size ?? null,
    modifiedAt: entry.modifiedAt ?? null,
  };
  const changed = entry.skip !== undefined || entry.kind === "folder" || !sameContent(file, marks);
  return changed ? { index: file.index, outcome: "changed", entry } : { download: entry.download };
}

/** Whether bytes are kept that were neither announced nor served before. Failures of other kinds alone are no reason for it. */
export function mayDiffer({ attempts, differed = 0 }: LeasedFile): boolean {
  return differed >= DIFFERED_ATTEMPTS_MAX || attempts >= GIVEN_UP_ATTEMPTS_MAX;
}

/** Sign-in and error pages come with the status of a success. */
export function isUnexpectedPage(opened: OpenedContent, file: LeasedFile): boolean {
  if (!/^text\/html\b/i.test(opened.contentType ?? "") || opened.size === file.size) return false;
  return !/^(text\/html|application\/xhtml)/i.test(file.mimeType ?? "") && !/\.(x?html?|aspx|mht)$/i.test(file.name);
}

export function failed(file: LeasedFile, { kind, message, retryAfterSeconds }: ProviderError): Extract<FileResult, { outcome: "failed" }> {
  return { index: file.index, outcome: "failed", kind, message, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) };
}
