import { ProviderError } from "../providers/errors.ts";
import { publicUrl } from "../providers/public-host.ts";
import type { LeasedWebhook, NoticeOutcome } from "./message.ts";
import { signedHeaders } from "./signature.ts";

// One attempt to deliver an event: a POST, signed, to an address that a person gave. It leads to the public internet only,
// follows no redirect, and reads no more of the answer than is shown.

/** For the whole answer. Standard Webhooks asks for 15 to 30. */
const ANSWER_SECONDS_MAX = 15;
const ANSWER_BYTES_SHOWN = 1000;
const USER_AGENT = "Tidemark-Webhooks/1";

interface Outside {
  fetch: typeof fetch;
  now: () => number;
  origin: string;
}

export async function deliver(notice: LeasedWebhook, { fetch, now, origin }: Outside): Promise<NoticeOutcome> {
  const at = now();
  const ended = (statusCode: number | null, answer: string): NoticeOutcome["attempt"] => ({
    at: new Date(at).toISOString(),
    statusCode,
    durationMilliseconds: Math.max(0, now() - at),
    answer,
  });
  try {
    // What was public when it was given may not be any more by the rules of now.
    const url = publicUrl(notice.url, origin);
    const response = await fetch(url.href, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        ...signedHeaders(notice.secrets, notice.eventId, at, notice.body),
      },
      body: notice.body,
      signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    });
    const answer = await beginningOf(response);
    const outcome = response.ok ? "delivered" : response.status === 410 ? "gone" : "failed";
    return { ref: notice.ref, outcome, attempt: ended(response.status, answer), retryAfterSeconds: retryAfter(response) };
  } catch (error) {
    return { ref: notice.ref, outcome: "failed", attempt: ended(null, whyNot(error)), retryAfterSeconds: null };
  }
}

async function beginningOf(response: Response): Promise<string> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  while (bytes < ANSWER_BYTES_SHOWN) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value.subarray(0, ANSWER_BYTES_SHOWN - bytes), { stream: true });
    bytes += value.byteLength;
  }
  await reader.cancel().catch(() => undefined);
  return text;
}

/** Seconds only: a date is as good as none. */
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

function whyNot(error: unknown): string {
  if (error instanceof ProviderError) return error.message;
  if (error instanceof Error && error.name === "TimeoutError") return `There was no answer within ${ANSWER_SECONDS_MAX} seconds.`;
  return "The connection could not be made, or broke off.";
}
