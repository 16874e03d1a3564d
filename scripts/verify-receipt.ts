import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { bucketCheck, linesOf, NotVerified, parseReceipt, verifyListing, verifySignature } from "./receipt/verify.ts";

// `npm run verify-receipt`: whether a receipt is genuine, and a listing what it is about. Ends with 0, with 1 where it is not so, with 2
// where it could not be examined.
//   --receipt FILE   the answer of GET /api/v1/runs/{id}/receipt
//   --keys FILE|URL  the answer of /.well-known/tidemark-receipt-keys.json, or where it is
//   --listing FILE   the answer of GET /api/v1/syncs/{id}/listing
//   --bucket DIR     a copy of the bucket: its files are compared with the listing, too

const USAGE = "npm run verify-receipt -- --receipt FILE --keys FILE|URL --listing FILE [--bucket DIR]";
const FETCH_TIMEOUT_MILLISECONDS = 30_000;

try {
  await verify();
} catch (error) {
  console.error(error instanceof NotVerified ? `Not verified. ${error.message}` : error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof NotVerified ? 1 : 2;
}

async function verify(): Promise<void> {
  const { values } = parseArgs({
    options: { receipt: { type: "string" }, keys: { type: "string" }, listing: { type: "string" }, bucket: { type: "string" } },
  });
  if (values.receipt === undefined || values.keys === undefined || values.listing === undefined) throw new Error(`Usage: ${USAGE}`);
  const signed = parseReceipt(await readFile(here(values.receipt), "utf8"));
  const { receipt } = signed;
  await verifySignature(signed, await readKeys(values.keys));
  console.log(`The receipt of run ${receipt.runId} is genuine: signed with the key “${signed.keyId}”.`);
  const bucket = values.bucket === undefined ? null : bucketCheck(here(values.bucket));
  const lines = linesOf(createReadStream(here(values.listing), "utf8"));
  await verifyListing(receipt, lines, bucket?.check);
  console.log(
    `The listing is the mirror that it is about: ${receipt.digest.entries} items, ${receipt.bytes} bytes, at ${receipt.finishedAt}.`,
  );
  if (bucket) console.log(`The bucket has all ${bucket.finish()} files, each with the bytes that are listed.`);
  if (receipt.status !== "completed") console.log(`The run ended ${receipt.status}: ${receipt.counts.failed} files could not be kept.`);
}

async function readKeys(keys: string): Promise<string> {
  if (!/^https?:\/\//.test(keys)) return readFile(here(keys), "utf8");
  const answer = await fetch(keys, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MILLISECONDS) });
  if (!answer.ok) throw new Error(`${keys} answered ${answer.status}.`);
  return answer.text();
}

/** npm runs scripts in the package's folder: paths are meant from where it was called. */
function here(path: string): string {
  return resolve(process.env["INIT_CWD"] ?? ".", path);
}
