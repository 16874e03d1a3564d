import { encodeBase64urlNoPadding } from "@oslojs/encoding";
import { env } from "cloudflare:workers";
import { googleDrive } from "../../worker/providers/google-drive/google-drive.ts";
import { MY_DRIVE } from "../../worker/providers/google-drive/entry.ts";
import type { ProviderOptions } from "../../worker/providers/options.ts";
import type { Provider, ProviderContext } from "../../worker/providers/provider.ts";
import { control } from "./control.ts";

const AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth";
const TOKEN = "https://oauth2.googleapis.com/token";
const CLIENT = { client_id: "111111111111-tidemarktests.apps.googleusercontent.com", client_secret: "sandbox-secret" };
const REDIRECT = "https://tidemark.example/auth/google/callback";
const VERIFIER = "a-code-verifier-that-is-just-as-long-as-it-has-to-be";

type Place = { path: string } | { id: string };
type Op =
  | (Place & { op: "create" | "update"; name?: string; bytes: number | string })
  | (Place & { op: "mkdir"; name?: string })
  | (Place & { op: "rename"; name: string })
  | (Place & { op: "move"; to: string })
  | (Place & { op: "delete" })
  | { op: "restore"; id: string };

/** One account of the sandbox's Google, of its own for each test, and a connection to it. Drives are named by their accounts. */
export class GoogleAccount {
  readonly name: string;
  /** Whose drive changes are made in: the person's own, or a shared drive. */
  readonly driveName: string;
  readonly feedId: string;
  readonly context: ProviderContext;
  requests = 0;
  #token: string;

  private constructor(name: string, token: string, driveName: string, feedId: string) {
    this.name = name;
    this.#token = token;
    this.driveName = driveName;
    this.feedId = feedId;
    this.context = {
      fetch,
      now: Date.now,
      accessToken: async (options) => (options?.renew ? (this.#token = (await signIn(name)).access_token) : this.#token),
      onRequest: () => (this.requests += 1),
    };
  }

  static async open(domain: "gmail.example" | "workspace.example" = "gmail.example"): Promise<GoogleAccount> {
    const name = `g-${crypto.randomUUID().slice(0, 12)}@${domain}`;
    return new GoogleAccount(name, (await signIn(name)).access_token, name, MY_DRIVE);
  }

  /** A member of a shared drive of their own. */
  static async ofSharedDrive(): Promise<GoogleAccount> {
    const name = `g-${crypto.randomUUID().slice(0, 12)}@gmail.example`;
    const driveName = `d-${crypto.randomUUID().slice(0, 12)}@shared-drives.example`;
    const { driveId } = await setMember(driveName, name);
    return new GoogleAccount(name, (await signIn(name)).access_token, driveName, driveId);
  }

  provider(options?: ProviderOptions): Provider {
    return googleDrive.create(env, { ...this.context, ...(options && { options }) });
  }

  async mutate(...ops: Op[]): Promise<string[]> {
    return (await control<{ ids: string[] }>("POST", `/drives/${this.driveName}/mutate`, { ops })).ids;
  }

  async tree(): Promise<{ id: string; path: string; size: number; sha256: string }[]> {
    type Tree = { files: { id: string; path: string; size: number; sha256: string }[] };
    const { files } = await control<Tree>("GET", `/drives/${this.driveName}/tree?hash=true`);
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Switches a fault on for this account alone. */
  async fault(name: string, more: Record<string, unknown> = {}): Promise<void> {
    await control("POST", "/faults", { name, ...more, match: { ...(more["match"] as object | undefined), account: this.name } });
  }

  async mend(): Promise<void> {
    await control("DELETE", `/faults?account=${encodeURIComponent(this.name)}`);
  }

  async expireCursors(): Promise<void> {
    await control("POST", `/cursors/${this.driveName}/expire`);
  }

  /** What was asked of Google: `GET /drive/v3/files` and how often. */
  async asked(): Promise<Record<string, number>> {
    type Summary = { routes: { method: string; route: string; count: number }[] };
    const { routes } = await control<Summary>("GET", `/requests?account=${encodeURIComponent(this.name)}`);
    const counts: Record<string, number> = {};
    for (const { method, route, count } of routes) counts[`${method} ${route}`] = (counts[`${method} ${route}`] ?? 0) + count;
    return counts;
  }

  setToken(token: string): void {
    this.#token = token;
  }
}

export function setMember(drive: string, account: string, member = true): Promise<{ driveId: string }> {
  return control("POST", "/google/members", { drive, account, member });
}

/** Tokens of a person who signs in and allows everything that is asked for. */
export async function signIn(account: string): Promise<{ access_token: string; refresh_token: string; expires_in: number }> {
  const challenge = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(VERIFIER)));
  const [method] = googleDrive.methods;
  const query = new URLSearchParams({
    client_id: CLIENT.client_id,
    response_type: "code",
    redirect_uri: REDIRECT,
    scope: method.type === "oauth2" ? method.scopes.join(" ") : "",
    access_type: "offline",
    prompt: "consent",
    state: "state",
    login_hint: account,
    code_challenge: encodeBase64urlNoPadding(challenge),
    code_challenge_method: "S256",
  });
  const redirect = await fetch(`${AUTHORIZE}?${query}`, { redirect: "manual" });
  const code = new URL(redirect.headers.get("Location") ?? "").searchParams.get("code") ?? "";
  const form = { ...CLIENT, grant_type: "authorization_code", code, redirect_uri: REDIRECT, code_verifier: VERIFIER };
  const answer = await (await fetch(TOKEN, { method: "POST", body: new URLSearchParams(form) })).json();
  if (typeof answer !== "object" || answer === null || !("access_token" in answer)) throw new Error(`No token: ${JSON.stringify(answer)}`);
  return answer as { access_token: string; refresh_token: string; expires_in: number };
}
