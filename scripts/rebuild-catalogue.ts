import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { localSettings, ownVars, ROOT } from "./local.ts";

// `npm run rebuild-catalogue`: builds a lost catalogue again, from the bucket and the users' objects. Tidemark is running, its
// database is migrated and empty. May be stopped and begun again.
//   --url URL   where Tidemark is; this machine's, unless said otherwise
//   --force     also where the catalogue is not empty: what is there stays
// MASTER_KEYS is taken from the environment, from .dev.vars, or from this machine's state.

const REQUEST_MILLISECONDS_MAX = 15 * 60_000;
/** After a chunk that failed; it may be repeated. */
const RETRY_MILLISECONDS = 5_000;
const FAILURES_MAX = 5;

interface Answer {
  cursor: string | null;
  accounts: number;
  contents: number;
  passedBy: string[];
}

interface Product {
  masterKeys: (env: { MASTER_KEYS: string }) => [object, ...object[]];
  signRebuildToken: (key: object, now: number) => Promise<string>;
}

try {
  const { values } = parseArgs({ options: { url: { type: "string" }, force: { type: "boolean", default: false } } });
  const settings = localSettings();
  await rebuild(new URL("/api/maintenance/rebuild", values.url ?? settings.origin), givenKeys(settings.stateDir), values.force);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

async function rebuild(url: URL, masterKeys: string, force: boolean): Promise<void> {
  const product = await loadProduct();
  const [key] = product.masterKeys({ MASTER_KEYS: masterKeys });
  const sum = { accounts: 0, contents: 0, passedBy: 0 };
  for (let cursor: string | null = null; ;) {
    const answer: Answer = await send(url, () => product.signRebuildToken(key, Date.now()), { cursor, force });
    sum.accounts += answer.accounts;
    sum.contents += answer.contents;
    sum.passedBy += answer.passedBy.length;
    for (const name of answer.passedBy) console.log(`Passed by, since nothing says whose it is: ${name}`);
    console.log(`${sum.accounts} accounts, ${sum.contents} contents.`);
    if (answer.cursor === null) break;
    ({ cursor } = answer);
  }
  console.log(`Done. ${sum.passedBy} objects were passed by. The sources are listed once more now; what is here is not fetched again.`);
}

async function send(url: URL, token: () => Promise<string>, body: { cursor: string | null; force: boolean }): Promise<Answer> {
  for (let failures = 0; ; failures += 1) {
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_MILLISECONDS_MAX),
    }).catch((error: unknown) => String(error));
    if (typeof response !== "string" && response.ok) return (await response.json()) as Answer;
    const problem = typeof response === "string" ? response : `${response.status} ${await response.text()}`;
    const final = typeof response !== "string" && response.status < 500 && response.status !== 429;
    if (final || failures === FAILURES_MAX) throw new Error(`${url.origin} answered: ${problem}`);
    console.log(`Again in a moment: ${problem}`);
    await new Promise((resume) => setTimeout(resume, RETRY_MILLISECONDS * 2 ** failures));
  }
}

function givenKeys(stateDir: string): string {
  const file = join(stateDir, "master-keys");
  const keys = process.env["MASTER_KEYS"] ?? ownVars()["MASTER_KEYS"] ?? (existsSync(file) ? readFileSync(file, "utf8").trim() : "");
  if (keys === "") throw new Error("MASTER_KEYS is not set: the Worker takes this from nobody else.");
  return keys;
}

/** By path, since the Worker's types are workerd's. */
async function loadProduct(): Promise<Product> {
  const [{ masterKeys }, { signRebuildToken }] = await Promise.all(
    ["keyring.ts", "rebuild/token.ts"].map((file) => import(join(ROOT, "worker", file))),
  );
  return { masterKeys, signRebuildToken };
}
