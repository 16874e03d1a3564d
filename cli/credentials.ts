import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { tokenId } from "../worker/auth/token.ts";
import { Failure, UsageError } from "./failure.ts";

// Where Tidemark is, and the token for it: from the environment, or from a file that only its owner can read.

export interface Credentials {
  origin: string;
  token: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const stored = z.object({ origin: z.string(), token: z.string() });

export function credentialsFile(env: Environment): string {
  return join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "tidemark", "credentials.json");
}

/** `TIDEMARK_ORIGIN` and `TIDEMARK_TOKEN` go before the file. A stored token is sent nowhere but where it was stored for. */
export async function loadCredentials(env: Environment): Promise<Credentials> {
  const given = { origin: env["TIDEMARK_ORIGIN"], token: env["TIDEMARK_TOKEN"] };
  const file = given.origin && given.token ? null : await readStored(credentialsFile(env));
  const origin = given.origin ? checkOrigin(given.origin) : file?.origin;
  if (origin === undefined) throw new Failure("Not signed in. Run: tidemark login", { code: "cli.signed_out" });
  if (given.token) return { origin, token: checkToken(given.token) };
  if (file?.origin !== origin)
    throw new Failure(`Not signed in at ${origin}. Run: tidemark login --origin ${origin}`, { code: "cli.signed_out" });
  return { origin, token: file.token };
}

/** Writes the file whole or not at all; answers its path. */
export async function saveCredentials(env: Environment, credentials: Credentials): Promise<string> {
  const file = credentialsFile(env);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return file;
}

/** The address without path or slash. Only a local one may do without TLS: the token would be open to read on its way. */
export function checkOrigin(address: string): string {
  if (!URL.canParse(address)) throw new UsageError(`“${address}” is no address. It looks like https://tidemark.example.com`);
  const { protocol, hostname, origin } = new URL(address);
  const local = hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
  if (protocol !== "https:" && !(protocol === "http:" && local)) throw new UsageError(`${address}: an address begins with https://`);
  return origin;
}

/** Says nothing of what it was given. */
export function checkToken(token: string): string {
  if (tokenId(token) === null) throw new UsageError("This is not a whole token: they begin with tdm_ and have 69 characters.");
  return token;
}

async function readStored(file: string): Promise<Credentials | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Failure(`${file} cannot be read.`, { cause: error });
  }
  try {
    return stored.parse(JSON.parse(text));
  } catch (cause) {
    throw new Failure(`${file} is damaged. Run: tidemark login`, { cause });
  }
}
