import { createSandbox, type Sandbox } from "../../sandbox/app.ts";
import { ConnectionDropped } from "../../sandbox/interfere.ts";
import { isVendorHost } from "../../sandbox/vendors.ts";
import { answerReceiver, RECEIVER_HOST } from "./receiver.ts";
import { answerDovecot, DOVECOT_HOST } from "./servers/dovecot.ts";
import { forward, isRealServer } from "./servers/forward.ts";

const CONTROL_HOST = "sandbox.test";
/** Where tests say the product runs. Nothing listens there: the sandbox's handshakes are answered here, its notifications are in its outbox. */
const PRODUCT_HOST = "tidemark.example";

let sandbox: Promise<Sandbox> | undefined;

/**
 * Answers every request that leaves the Worker under test: vendors by one sandbox in memory that all test files share, its control calls
 * at `https://sandbox.test/_sandbox/…`, real servers of this machine. Tests keep apart by using accounts of their own.
 */
export async function sandboxOutbound(request: Request): Promise<Response> {
  const { hostname } = new URL(request.url);
  if (hostname === DOVECOT_HOST) return answerDovecot(request);
  if (hostname === RECEIVER_HOST) return answerReceiver(request);
  if (isRealServer(hostname)) return forward(request);
  if (hostname !== CONTROL_HOST && !isVendorHost(hostname)) return new Response(`No test may reach ${hostname}.`, { status: 502 });
  const { app } = await (sandbox ??= createSandbox({ fetch: deliverToProduct, settings: { MAIL_PORT: "0" } }));
  try {
    return await app.fetch(request);
  } catch (error) {
    if (!(error instanceof ConnectionDropped)) throw error;
    // The plugin can only pass answers on. One that is no HTTP reaches the Worker as a lost connection.
    return new Response(null, { headers: { "Content-Length": "none", Connection: "close" } });
  }
}

const deliverToProduct: typeof fetch = async (input) => {
  const url = new URL(input instanceof Request ? input.url : input);
  if (url.hostname !== PRODUCT_HOST) throw new Error(`No test may reach ${url.hostname}.`);
  const token = url.searchParams.get("validationToken");
  if (token !== null) return new Response(token, { headers: { "Content-Type": "text/plain" } });
  const challenge = url.searchParams.get("challenge");
  if (challenge !== null)
    return new Response(challenge, { headers: { "Content-Type": "text/plain", "X-Content-Type-Options": "nosniff" } });
  return new Response(null, { status: 202 });
};
