import { setTimeout as pause } from "node:timers/promises";
import { Refusal, toResponse } from "./answers.ts";
import type { Asked, DownloadFault } from "./fault-kinds.ts";
import type { Faults } from "./faults.ts";
import { ConnectionDropped, interfere } from "./interfere.ts";
import type { RequestLog } from "./request-log.ts";
import type { VendorRequest } from "./vendor-request.ts";

const NO_INTERCEPTION = { answer: undefined, headers: {}, delayMs: 0, truncate: false, corrupt: false, drop: false } as const;

export type Answering = {
  asked: Asked;
  /** The template of the request's path, by which the request log counts. */
  route: string;
  /** Whether a file's bytes are asked for: these are streamed, and the faults of downloads strike them. */
  download: boolean;
  /** A part of a batch is no request of its own. */
  batched?: boolean;
  /** The vendor's real answer; a Refusal thrown by it is answered. */
  answer: () => Promise<Response>;
  /** Adds what every answer has, those of faults too. */
  stamp?: (response: Response) => void;
};

/** What of a request faults are matched with. */
export function askedBy(vendor: string, request: VendorRequest, account: string | undefined): Asked {
  const { host, method, path, search, headers } = request;
  return { vendor, host, method, path, search, ranged: headers.has("range"), account };
}

/** Answers a request to a vendor as the faults that are on let it be answered, and notes it. Throws ConnectionDropped where they want none. */
export async function answerWithFaults(
  tools: { faults: Faults; log: RequestLog },
  request: VendorRequest,
  answering: Answering,
): Promise<Response> {
  const { asked, route, download, batched = false } = answering;
  const interception = tools.faults.intercept(asked, request.site) ?? NO_INTERCEPTION;
  if (interception.delayMs > 0) await pause(interception.delayMs);
  const real = interception.answer === undefined ? await unlessRefused(answering.answer) : toResponse(interception.answer);
  answering.stamp?.(real);
  const { host, method } = request;
  const onBytes = tools.log.note({ host, method, route, status: real.status, account: asked.account, batched });
  if (interception.drop) throw new ConnectionDropped("A fault dropped the connection.");
  const downloaded = download && (real.status === 200 || real.status === 206);
  const struck = (name: DownloadFault): boolean => downloaded && tools.faults.strike(name, asked) !== undefined;
  return interfere(
    download ? real : await buffered(real),
    {
      headers: interception.headers,
      truncate: interception.truncate || struck("truncated-body"),
      corrupt: interception.corrupt || struck("corrupt-body"),
    },
    struck("short-body"),
    onBytes,
  );
}

async function unlessRefused(answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof Refusal) return toResponse(error.answer);
    throw error;
  }
}

// With its length known, as services' answers are.
async function buffered(response: Response): Promise<Response> {
  if (response.body === null) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  response.headers.set("Content-Length", String(bytes.length));
  return new Response(bytes.length === 0 ? null : bytes, { status: response.status, headers: response.headers });
}
