import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createApp } from "../../worker/app.ts";

export const ORIGIN = "https://tidemark.example";

const app = createApp();

export interface CallOptions {
  method?: string;
  cookie?: string;
  /** Null: none, as from a program. */
  origin?: null;
  headers?: Record<string, string>;
  json?: unknown;
  body?: BodyInit;
  env?: Partial<Env>;
}

/** A request as one of our own pages sends it. */
export async function call(path: string, options: CallOptions = {}): Promise<Response> {
  const method = options.method ?? (options.json === undefined ? "GET" : "POST");
  const headers = new Headers({ ...(options.origin !== null && { origin: ORIGIN }), ...options.headers });
  if (options.cookie !== undefined) headers.set("cookie", options.cookie);
  if (options.json !== undefined) headers.set("content-type", "application/json");
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  const request = new Request(`${ORIGIN}${path}`, { method, headers, ...(body === undefined ? {} : { body }), redirect: "manual" });
  return app.fetch(request, { ...env, ...options.env }, createExecutionContext());
}

/** Its answer's JSON, as far as a test cares about its shape. */
export async function callJson<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await call(path, options);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response.json();
}

export async function errorCode(response: Response): Promise<string> {
  const { error } = await response.json<{ error: { code: string; message: string; requestId: string } }>();
  return error.code;
}
