import { z } from "zod";
import type { VendorRequest } from "../vendor-request.ts";
import { errorBody } from "./fault-answers.ts";
import { refuse } from "./graph-error.ts";
import { GRAPH_HOST } from "./hosts.ts";

const REQUESTS_MAX = 20;

const batchSchema = z.object({
  requests: z.array(
    z.object({
      id: z.string().min(1),
      method: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.unknown().optional(),
      dependsOn: z.array(z.string()).optional(),
    }),
  ),
});
type BatchRequest = z.infer<typeof batchSchema>["requests"][number];
type BatchResponse = { id: string; status: number; headers: Record<string, string>; body?: unknown };

/** JSON batching: each request is asked as by itself, and answered in no particular order. */
export async function batch(request: VendorRequest, ask: (one: VendorRequest) => Promise<Response>): Promise<Response> {
  const requests = parseBatch(await request.text());
  const answers = new Map<string, Promise<BatchResponse>>();
  for (const one of requests) {
    answers.set(
      one.id,
      (async () => {
        // Requests that others depend on come first in the list: Graph demands it.
        for (const id of one.dependsOn ?? []) {
          const before = await answers.get(id);
          if (before !== undefined && before.status >= 400) return failedDependency(one.id);
        }
        return toBatchResponse(one.id, await ask(partOf(request, one)));
      })(),
    );
  }
  const responses = await Promise.all(answers.values());
  return Response.json({ responses: outOfOrder(responses) });
}

function parseBatch(text: string): BatchRequest[] {
  const parsed = batchSchema.safeParse(readJson(text));
  if (!parsed.success) throw refuse(400, "BadRequest", "Invalid batch payload format.");
  const { requests } = parsed.data;
  if (requests.length === 0) throw refuse(400, "BadRequest", "Invalid batch payload format.");
  if (requests.length > REQUESTS_MAX)
    throw refuse(400, "BadRequest", `Number of batch request steps exceeds the maximum value of ${REQUESTS_MAX}.`);
  const seen = new Set<string>();
  for (const one of requests) {
    if (seen.has(one.id.toLowerCase())) throw refuse(400, "BadRequest", `Request Id ${one.id} has to be unique in a batch.`);
    if ((one.dependsOn ?? []).some((id) => !seen.has(id.toLowerCase())))
      throw refuse(400, "BadRequest", `Request ${one.id} depends on a request that does not come before it.`);
    seen.add(one.id.toLowerCase());
    const hasBody = one.body !== undefined && one.body !== null;
    if (hasBody && !Object.keys(one.headers ?? {}).some((name) => name.toLowerCase() === "content-type")) {
      throw refuse(400, "BadRequest", `Write request id : ${one.id} does not contain Content-Type header or body.`);
    }
  }
  return requests;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function partOf(outer: VendorRequest, one: BatchRequest): VendorRequest {
  const url = new URL(`https://${GRAPH_HOST}/v1.0/${one.url.replace(/^\//, "")}`);
  const headers = new Headers(one.headers ?? {});
  const authorization = outer.headers.get("authorization");
  if (authorization !== null && !headers.has("authorization")) headers.set("Authorization", authorization);
  const text = typeof one.body === "string" ? one.body : JSON.stringify(one.body ?? "");
  return {
    ...outer,
    method: one.method.toUpperCase(),
    path: url.pathname,
    search: url.search,
    query: url.searchParams,
    headers,
    bytes: () => Promise.resolve(new TextEncoder().encode(text)),
    text: () => Promise.resolve(text),
  };
}

async function toBatchResponse(id: string, response: Response): Promise<BatchResponse> {
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers) headers[canonical(name)] = value;
  const text = await response.text();
  const json = (response.headers.get("content-type") ?? "").startsWith("application/json");
  const body = text === "" ? {} : { body: json ? (JSON.parse(text) as unknown) : Buffer.from(text).toString("base64") };
  return { id, status: response.status, headers, ...body };
}

function failedDependency(id: string): BatchResponse {
  return {
    id,
    status: 424,
    headers: { "Content-Type": "application/json" },
    body: errorBody("FailedDependency", "The request failed because a request it depends on failed."),
  };
}

const canonical = (name: string): string => name.replace(/(^|-)([a-z])/g, (match) => match.toUpperCase());

// Whoever takes the order of the answers for the order of the requests shall notice.
function outOfOrder(responses: BatchResponse[]): BatchResponse[] {
  const half = Math.floor(responses.length / 2);
  return [...responses.slice(half), ...responses.slice(0, half)].reverse();
}
