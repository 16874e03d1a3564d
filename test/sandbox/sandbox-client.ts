import { createSandbox, type Sandbox, type SandboxOptions } from "../../sandbox/app.ts";
import type { AnsweredItem } from "../../sandbox/microsoft/drive-item.ts";

export const CLIENT_ID = "11111111-2222-4333-8444-555555555555";
export const CLIENT_SECRET = "sandbox-secret";
export const REDIRECT_URI = "https://tidemark.example/auth/microsoft/callback";
export const SCOPE = "openid profile email offline_access Files.Read User.Read";
export const GRAPH = "https://graph.microsoft.com/v1.0";
export const LOGIN = "https://login.microsoftonline.com";

export type DeltaPage = { value: AnsweredItem[]; "@odata.nextLink"?: string; "@odata.deltaLink"?: string };
export type TreeFile = { id: string; path: string; size: number; sha256: string };

let shared: Promise<Sandbox> | undefined;

/**
 * A sandbox in memory, and ways to ask it by the vendors' own host names. Without options it is one that all tests of a file share: each
 * uses accounts of its own there.
 */
export async function openSandbox(options?: SandboxOptions) {
  const sandbox = await (options === undefined ? (shared ??= createSandbox()) : createSandbox(options));
  return { sandbox, ...clientOf(sandbox) };
}

export function clientOf(sandbox: Sandbox) {
  const request: typeof fetch = async (input, init) => sandbox.app.fetch(new Request(input, { redirect: "manual", ...init }));

  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await request(`https://sandbox.test/_sandbox${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  };

  const authorize = async (fields: Record<string, string>): Promise<Response> => {
    const query = new URLSearchParams({
      client_id: CLIENT_ID,
      response_type: "code",
      redirect_uri: REDIRECT_URI,
      scope: SCOPE,
      state: "some state",
      ...fields,
    });
    return request(`${LOGIN}/common/oauth2/v2.0/authorize?${query}`);
  };
  const redeem = async (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> => {
    const body = new URLSearchParams({
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uri: REDIRECT_URI,
      grant_type: "authorization_code",
      ...fields,
    });
    return request(`${LOGIN}/common/oauth2/v2.0/token`, { method: "POST", body, headers });
  };
  const codeFor = async (account: string, fields: Record<string, string> = {}): Promise<string> => {
    const location = (await authorize({ login_hint: account, ...fields })).headers.get("location") ?? "";
    return new URL(location).searchParams.get("code") ?? "";
  };
  const signIn = async (account: string, scope = SCOPE): Promise<Tokens> => {
    const answer = await redeem({ code: await codeFor(account, { scope }) });
    return (await answer.json()) as Tokens;
  };

  /** Graph as one account sees it. */
  const as = async (account: string, scope = SCOPE) => {
    const { access_token: token } = await signIn(account, scope);
    const graph = (pathOrUrl: string, init: RequestInit = {}): Promise<Response> => {
      const headers = new Headers(init.headers);
      headers.set("Authorization", `Bearer ${token}`);
      return request(pathOrUrl.startsWith("https:") ? pathOrUrl : `${GRAPH}${pathOrUrl}`, { ...init, headers });
    };
    const json = async <T>(pathOrUrl: string, init: RequestInit = {}): Promise<T> => (await (await graph(pathOrUrl, init)).json()) as T;
    const delta = async (from = "/me/drive/root/delta", init: RequestInit = {}) => {
      const pages: DeltaPage[] = [];
      for (let next: string | undefined = from; next !== undefined; next = pages.at(-1)?.["@odata.nextLink"])
        pages.push(await json<DeltaPage>(next, init));
      return { pages, items: pages.flatMap((page) => page.value), deltaLink: pages.at(-1)?.["@odata.deltaLink"] ?? "" };
    };
    return { token, graph, json, delta };
  };
  const mutate = (account: string, ops: object[]) => control<{ ids: string[] }>("POST", `/drives/${account}/mutate`, { ops });
  const tree = async (account: string) => (await control<{ files: TreeFile[] }>("GET", `/drives/${account}/tree?hash=true`)).files;
  return { request, control, authorize, redeem, codeFor, signIn, as, mutate, tree };
}

export type Tokens = { access_token: string; refresh_token: string; id_token: string; expires_in: number; scope: string };

export const names = (items: AnsweredItem[]): (string | null | undefined)[] => items.map((item) => item.name);
