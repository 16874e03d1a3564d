import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Client } from "./support/client.ts";
import { Tidemark } from "./support/tidemark.ts";

// The program `tidemark`, as a person and as a script use it, beside a browser of the same person.

const ACCOUNT = "alice@contoso.example";
const FILES = 60;
const SECONDS_MAX = 240;
const ROOT = resolve(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "cli", "tidemark.js");

interface Ended {
  code: number | null;
  out: string;
  notes: string;
}

let tidemark: Tidemark;
let client: Client;
let everything: string;
let folder: string;
let token: { id: string; token: string };

async function cli(args: readonly string[], { input = "", env = {}, program = [process.execPath, PROGRAM] } = {}): Promise<Ended> {
  const [command = "", ...before] = program;
  const child = spawn(command, [...before, ...args], {
    cwd: folder,
    env: { ...process.env, XDG_CONFIG_HOME: folder, TIDEMARK_ORIGIN: "", TIDEMARK_TOKEN: "", ...env },
  });
  child.stdin.end(input);
  const code = new Promise<number | null>((end) => child.once("close", end));
  const [out, notes] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, notes };
}

/** One that must end well. */
async function ok(args: readonly string[], options: Parameters<typeof cli>[1] = {}): Promise<string> {
  const { code, out, notes } = await cli(args, options);
  expect([code, code === 0 ? "" : `${out}${notes}`]).toEqual([0, ""]);
  return out;
}

function write(yaml: string): void {
  writeFileSync(join(folder, "tidemark.yaml"), yaml);
}

const FILE = `version: 1
connections:
  work: { provider: onedrive, account: ${ACCOUNT} }
syncs:
  texts:
    connection: work
    name: Only texts
    filters: { types: [txt] }
    schedule: { kind: manual }
    labels: { team: legal }
  list:
    connection: work
    mode: metadata
    selection: [{ path: /Texts, mode: include }]
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tidemark-cli-"));
  tidemark = await Tidemark.start();
  const ops = Array.from({ length: FILES }, (_, n) => ({
    op: "create",
    path: n % 2 === 0 ? `/Texts/${n}.txt` : `/Others/${n}.bin`,
    bytes: `content ${n}`,
  }));
  await tidemark.sandbox.mutate(ACCOUNT, ops);
  ({ client, syncId: everything } = await tidemark.signIn(ACCOUNT));
  await client.untilIdle(everything, SECONDS_MAX);
  token = await client.send("POST", "/api/v1/tokens", { name: "laptop", scopes: ["read", "run", "write"], expiresInDays: 1 });
});

afterAll(async () => {
  await tidemark?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("tidemark", { timeout: SECONDS_MAX * 1000 }, () => {
  it("says so where nobody has signed in", async () => {
    expect(await cli(["status"])).toMatchObject({ code: 1, out: "", notes: "Not signed in. Run: tidemark login\n" });
  });

  it("login refuses a token that is not valid, and stores nothing", async () => {
    const revoked = await client.send<typeof token>("POST", "/api/v1/tokens", { name: "old", scopes: ["read"] });
    await client.raw(`/api/v1/tokens/${revoked.id}`, { method: "DELETE", headers: { origin: tidemark.origin } });
    const ended = await cli(["login", "--origin", tidemark.origin, "--token-stdin"], { input: revoked.token });
    expect(ended).toMatchObject({ code: 1, notes: expect.stringContaining("There is no such token, or it was revoked.") as string });
    const mistyped = await cli(["login", "--origin", tidemark.origin, "--token-stdin"], { input: token.token.slice(0, -1) });
    expect(mistyped).toMatchObject({ code: 2, notes: expect.stringContaining("not a whole token") as string });
    expect(existsSync(join(folder, "tidemark"))).toBe(false);
  });

  it("login keeps the token to its owner, and shows it nobody", async () => {
    const out = await ok(["login", "--origin", tidemark.origin, "--token-stdin"], { input: `${token.token}\n` });
    expect(out).toMatch(/as Alice.*with the token “laptop” \(read, run, write\)/);
    expect(out).not.toContain(token.token);
    const file = join(folder, "tidemark", "credentials.json");
    expect([statSync(file).mode & 0o777, readFileSync(file, "utf8").includes(token.token)]).toEqual([0o600, true]);
  });

  it("npx runs it in the checkout, and status tells how it goes", async () => {
    const { code, out } = await cli(["status"], { program: ["npx", "--prefix", ROOT, "tidemark"] });
    expect(code).toBe(0);
    expect(out).toContain(`${tidemark.origin}: ok. Alice`);
    const { length } = await tidemark.sandbox.tree(ACCOUNT);
    expect(out).toMatch(new RegExp(`OneDrive +up to date at .* ${length} of ${length} .* completed`));
    expect(out).not.toContain("Needs a person");
  });

  it("apply shows a plan and leaves it at that, with --plan or where nobody can be asked", async () => {
    write(FILE);
    expect(await ok(["apply", "--plan"])).toContain("2 to create, 0 to change, 0 to delete, 0 as they should be.");
    expect(await cli(["apply"])).toMatchObject({ code: 2, notes: expect.stringContaining("--yes") as string });
    expect((await client.get<{ items: object[] }>("/api/v1/syncs")).items).toHaveLength(1);
  });

  it("apply makes what the file says, and a second one finds nothing to do", async () => {
    const out = await ok(["apply", "--yes"]);
    expect(out).toContain("done: + create “texts”\ndone: + create “list”");
    expect(await ok(["apply", "--yes"])).toBe("No changes: 2 as the file says.\n");
    const { items } = await client.get<{ items: { name: string; labels: object }[] }>("/api/v1/syncs");
    expect(items.find(({ name }) => name === "Only texts")?.labels).toEqual({ team: "legal", "tidemark.dev/name": "texts" });
  });

  it("run --wait ends when the run has, in a run that says a program asked for it", async () => {
    const syncs = JSON.parse(await ok(["status", "--json"])) as { syncs: { id: string; name: string }[] };
    const texts = syncs.syncs.find(({ name }) => name === "Only texts");
    if (!texts) throw new Error("It is not there.");
    await client.untilIdle(texts.id, SECONDS_MAX);
    await tidemark.sandbox.mutate(ACCOUNT, [{ op: "create", path: "/Texts/new.txt", bytes: "new" }]);
    const run = JSON.parse(await ok(["run", "texts", "--full", "--wait", "--json"])) as { syncId: string; status: string; trigger: string };
    expect(run).toMatchObject({ syncId: texts.id, status: "completed", trigger: "api" });
    const files = (await client.items(texts.id)).filter((item) => item.state === "stored" && item.kind === "file");
    const source = (await tidemark.sandbox.tree(ACCOUNT)).map(({ path }) => path).filter((path) => path.endsWith(".txt"));
    expect(source).toContain("/Texts/new.txt");
    expect(files.map(({ path }) => path).toSorted()).toEqual(source.toSorted());
    expect(await ok(["run", "only TEXTS", "--wait"])).toMatch(/^“Only texts” completed: /);
    expect(await cli(["run", "nothing"])).toMatchObject({
      code: 1,
      notes: expect.stringContaining("There is no sync “nothing”") as string,
    });
  });

  it("a refused step is named, the others are taken, and the next apply goes on", async () => {
    const long = `    schedule: { kind: cron, cron: "99 99 * * *" }\n`;
    write(`${FILE}${long}  more:\n    connection: work\n    mode: metadata\n`);
    const failed = await cli(["apply", "--yes"]);
    expect(failed.code).toBe(1);
    expect(failed.notes).toMatch(/failed: ~ change “list”: schedule: .*\(request\.invalid\)\n1 of 2 done\./);
    expect(failed.out).toContain("done: + create “more”");
    write(`${FILE}  more:\n    connection: work\n    mode: metadata\n`);
    expect(await ok(["apply", "--yes"])).toBe("No changes: 3 as the file says.\n");
  });

  it("a changed file changes what it is about, and --prune ends what it no longer has", async () => {
    write(FILE.replace("[txt]", "[txt, md]"));
    const plan = JSON.parse(await ok(["apply", "--plan", "--json", "--prune"])) as {
      steps: { action: string; name: string; changes?: object[] }[];
    };
    expect(plan.steps).toMatchObject([
      { action: "change", name: "texts", changes: [{ field: "filters.types", before: ["txt"], after: ["txt", "md"] }] },
      { action: "delete", name: "more" },
    ]);
    await ok(["apply", "--yes", "--prune"]);
    expect(await ok(["apply", "--plan", "--prune"])).toBe("No changes: 2 as the file says.\n");
    // What was there before the file is not the file's.
    expect(await client.firstSync()).toBe(everything);
  });

  it("what is exported is what is applied, and adopts what was made by hand", async () => {
    rmSync(join(folder, "tidemark.yaml"));
    await ok(["export"]);
    expect(await cli(["export"])).toMatchObject({ code: 1, notes: expect.stringContaining("is there already") as string });
    const plan = JSON.parse(await ok(["apply", "--plan", "--json"])) as {
      steps: { syncId: string; changes: { field: string }[] }[];
      unchanged: string[];
    };
    expect(plan.unchanged.toSorted()).toEqual(["list", "texts"]);
    expect(plan.steps).toMatchObject([{ action: "change", syncId: everything, changes: [{ field: "labels.tidemark.dev/name" }] }]);
    await ok(["apply", "--yes"]);
    expect(await ok(["apply", "--yes"])).toBe("No changes: 3 as the file says.\n");
  });

  it("a file with a mistake is refused with its line, before anything is asked", async () => {
    write(`${FILE}    colour: red\n`);
    expect(
      await cli(["apply", "--yes"], { env: { TIDEMARK_ORIGIN: "https://nowhere.invalid", TIDEMARK_TOKEN: token.token } }),
    ).toMatchObject({
      code: 1,
      notes: "tidemark.yaml:15:5: syncs.list.colour: is not known here\n",
    });
  });

  it("a token with too small a scope says which one is missing; one that is revoked, that", async () => {
    const reader = await client.send<typeof token>("POST", "/api/v1/tokens", { name: "reader", scopes: ["read"] });
    const env = { TIDEMARK_TOKEN: reader.token };
    await ok(["status"], { env });
    const ended = await cli(["run", "texts", "--json"], { env });
    expect([ended.code, JSON.parse(ended.out)]).toEqual([
      1,
      { error: { code: "auth.scope_missing", message: "This needs a token with the scope “run”." } },
    ]);
    await client.raw(`/api/v1/tokens/${token.id}`, { method: "DELETE", headers: { origin: tidemark.origin } });
    expect(await cli(["status"])).toMatchObject({ code: 1, notes: expect.stringContaining("Run: tidemark login") as string });
  });
});
