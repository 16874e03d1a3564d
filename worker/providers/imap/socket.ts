import { Duplex, type Writable } from "node:stream";
import type { ImapFlow } from "imapflow";
import type { ProviderContext } from "../provider.ts";
import { ProviderError } from "../errors.ts";
import type { ImapSettings } from "./settings.ts";

// The way to a server: a socket of the runtime's, for imapflow, which would make one of Node's, and could not encrypt that later.

/** Until the server has greeted, and both have agreed to encrypt. */
const CONNECT_SECONDS_MAX = 30;
/** A greeting, and one answer. */
const CLEAR_BYTES_MAX = 8_192;
const TAG = "T1";
/** Servers greet once. What they said before the encryption is not to be believed, and imapflow waits for it after. */
const GREETING = "* OK Encrypted.\r\n";

type Connect = NonNullable<ProviderContext["connect"]>;

/** Has `client` signed in over a connection made here. Throws what the runtime, the server or imapflow says against it. */
export async function connectThrough(connect: Connect, client: ImapFlow, { host, port, security }: ImapSettings): Promise<void> {
  const secureTransport = security === "tls" ? "on" : security === "starttls" ? "starttls" : "off";
  const socket = connect({ hostname: host, port }, { secureTransport, allowHalfOpen: false });
  const late = setTimeout(() => void socket.close().catch(ignored), CONNECT_SECONDS_MAX * 1000);
  try {
    await socket.opened;
    if (security === "starttls") await agree(socket);
    // The certificate is to be of the name that was connected to.
    await adopt(client, security === "starttls" ? socket.startTls() : socket, {
      encrypted: security !== "none",
      greeting: security === "starttls" ? GREETING : "",
    });
  } catch (error) {
    void socket.close().catch(ignored);
    throw error;
  } finally {
    clearTimeout(late);
  }
}

/** Whatever follows the server's word in the clear is somebody else's. */
async function agree(socket: Socket): Promise<void> {
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  try {
    const greeting = await readLine(reader, /^\* OK\b/i);
    if (greeting !== "") throw refused("The server speaks before it is asked to.");
    await writer.write(new TextEncoder().encode(`${TAG} STARTTLS\r\n`));
    if ((await readLine(reader, new RegExp(`^${TAG} OK\\b`, "i"))) !== "")
      throw refused("Something was said between the server's word and the encryption.");
  } finally {
    reader.releaseLock();
    writer.releaseLock();
  }
}

/** Reads through the line that is expected; answers what has come after it. Untagged lines before it are passed over. */
async function readLine(reader: ReadableStreamDefaultReader<Uint8Array>, expected: RegExp): Promise<string> {
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new ProviderError("transient", "The server closed the connection before it was encrypted.");
    text += new TextDecoder("latin1").decode(value);
    if (text.length > CLEAR_BYTES_MAX) throw refused("The server says too much before the encryption.");
    for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (expected.test(line)) return text;
      if (!line.startsWith("* ") || /^\* BYE/i.test(line))
        throw refused("The server has no encryption to offer at this port. Port 993 mostly has.");
    }
  }
}

/** Hands a connection that is there already to imapflow, as its own `connect` does with one through a proxy. */
function adopt(client: ImapFlow, socket: Socket, { encrypted, greeting }: { encrypted: boolean; greeting: string }): Promise<void> {
  const own = client as unknown as Opening;
  const stream = new SocketStream(socket, greeting);
  own.secureConnection = encrypted;
  own.streamer.secureConnection = encrypted;
  for (const [name, handler] of Object.entries(HANDLERS)) own.untaggedHandlers[name] = (line) => own[handler](line);
  own.sectionHandlers["CAPABILITY"] = (section) => own.sectionCapability(section);
  return new Promise((resolve, reject) => {
    own.initialResolve = resolve;
    own.initialReject = reject;
    own.socket = stream;
    own.writeSocket = stream;
    own.setSocketHandlers();
    own.setEventHandlers();
    stream.pipe(own.streamer);
  });
}

/** What imapflow does with lines that answer no command of its own. */
const HANDLERS = {
  OK: "initialOK",
  BYE: "serverBye",
  CAPABILITY: "untaggedCapability",
  EXISTS: "untaggedExists",
  EXPUNGE: "untaggedExpunge",
  FETCH: "untaggedFetch",
  VANISHED: "untaggedVanished",
} as const;

/** What of imapflow's opening of a connection is not for everybody: its version is fixed in the lockfile, and tests do this with a server. */
type Opening = Record<(typeof HANDLERS)[keyof typeof HANDLERS] | "sectionCapability", (line: unknown) => unknown> & {
  secureConnection: boolean;
  streamer: Writable & { secureConnection: boolean };
  socket: Duplex;
  writeSocket: Duplex;
  untaggedHandlers: Record<string, (line: unknown) => unknown>;
  sectionHandlers: Record<string, (section: unknown) => unknown>;
  initialResolve: () => void;
  initialReject: (error: Error) => void;
  setSocketHandlers(): void;
  setEventHandlers(): void;
};

/** A socket of the runtime as a stream of Node's kind, with something to read before all else. */
class SocketStream extends Duplex {
  readonly #socket: Socket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(socket: Socket, first: string) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    if (first !== "") this.push(first);
  }

  override _read(): void {
    void this.#pull();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    void settle(this.#writer.write(new Uint8Array(chunk)), done);
  }

  override _final(done: Done): void {
    void settle(this.#writer.close(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    void this.#close();
    done(error);
  }

  async #close(): Promise<void> {
    await this.#socket.close().catch(ignored);
  }

  async #pull(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      this.push(done ? null : value);
    } catch (error) {
      this.destroy(asError(error));
    }
  }
}

type Done = (error?: Error | null) => void;

async function settle(work: Promise<void>, done: Done): Promise<void> {
  try {
    await work;
  } catch (error) {
    return done(asError(error));
  }
  done();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function refused(message: string): ProviderError {
  return new ProviderError("unsupported", message);
}

/** A connection that fails while it is let go of has nothing to tell. */
function ignored(): void {
  return;
}
