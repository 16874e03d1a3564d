import type { ImapFlow } from "imapflow";
import { ProviderError } from "../errors.ts";
import type { ProviderContext } from "../provider.ts";
import { isUnreachable, toProviderError } from "./errors.ts";
import type { ImapSettings } from "./settings.ts";
import { connectThrough } from "./socket.ts";

/** Of one answer: a page of mails' descriptions, or a chunk of one. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const PROBE_SECONDS_MAX = 10;

type Connect = NonNullable<ProviderContext["connect"]>;

/** What opens a mailbox: what the person filled in, or, where access is by tokens, one of those. */
export type Secret = { password: string } | { accessToken: string };

/** A connection that is signed in. Throws a `ProviderError` that says why there is none. */
export async function signIn(context: ProviderContext, settings: ImapSettings, secret: Secret): Promise<ImapFlow> {
  const { host, port, security, user } = settings;
  const { connect } = context;
  if (!connect) throw new ProviderError("fatal", "There is no way to a mail server from here.");
  // Evaluated when a mailbox is opened, and not when a Worker starts that opens none.
  const imapflow = await import("imapflow");
  const client = new imapflow.ImapFlow({
    host,
    port,
    // Whether it is encrypted is settled before imapflow sees the connection.
    secure: security !== "none",
    ...(security === "none" && { doSTARTTLS: false }),
    auth: { user, ...("password" in secret ? { pass: secret.password } : { accessToken: secret.accessToken }) },
    clientInfo: { name: "Tidemark" },
    // What is logged would name mails, and their senders.
    logger: false,
    disableAutoIdle: true,
    disableCompression: true,
    qresync: true,
    maxLiteralSize: ANSWER_BYTES_MAX,
    maxResponseSize: 2 * ANSWER_BYTES_MAX,
    maxLineLength: ANSWER_BYTES_MAX,
  });
  // A connection that breaks between two commands is found by the next one.
  client.on("error", () => undefined);
  try {
    await connectThrough(connect, client, settings);
    return client;
  } catch (error) {
    client.close();
    if (error instanceof ProviderError || !isUnreachable(error)) throw toProviderError(error, host);
    throw await unreachable(connect, settings, error);
  }
}

/** The runtime says of a connection that could not be made only that: whether anything is there is found out without encryption. */
async function unreachable(connect: Connect, { host, port, security }: ImapSettings, cause: unknown): Promise<ProviderError> {
  const answers = await listens(connect, host, port);
  const text = !answers
    ? `No server answers at ${host}, port ${port}. Is this the IMAP server's name, and does it take connections from outside?`
    : security === "none"
      ? `What answers at ${host}, port ${port}, speaks no IMAP.`
      : `${host} answers at port ${port}, but no encrypted connection comes about: its certificate is of another name, has expired or is vouched for by nobody known, or this port is not an encrypted one.`;
  return new ProviderError("transient", text, { cause });
}

async function listens(connect: Connect, host: string, port: number): Promise<boolean> {
  const socket = connect({ hostname: host, port });
  const late = new Promise<never>((_, fail) => setTimeout(() => fail(new Error("No answer in time.")), PROBE_SECONDS_MAX * 1000));
  try {
    await Promise.race([socket.opened, late]);
    return true;
  } catch {
    // Which of the many reasons it is makes no difference.
    return false;
  } finally {
    void socket.close().catch(() => undefined);
  }
}
