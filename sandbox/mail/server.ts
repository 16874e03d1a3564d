import { createServer, type Server, type Socket } from "node:net";
import type { MailAccounts } from "./accounts.ts";
import { type Answer, MailSession } from "./session.ts";
import { LITERAL, tokensOf } from "./tokens.ts";

/** Of a command without its literals, and of one literal. */
const LINE_BYTES_MAX = 64 * 1024;
const LITERAL_BYTES_MAX = 64 * 1024 * 1024;

/** A mail server on a port of this machine, in the clear. Port 0: any. */
export function listenForMail(accounts: MailAccounts, port: number): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    converse(socket, accounts);
  });
  return new Promise((listening, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      failed(error.code === "EADDRINUSE" ? new Error(`Port ${port} is in use: set MAIL_PORT to another one.`, { cause: error }) : error);
    });
    server.listen(port, "127.0.0.1", () => {
      // Who serves the sandbox's pages keeps the process.
      server.unref();
      const address = server.address();
      listening({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}

function converse(socket: Socket, accounts: MailAccounts): void {
  let said = "";
  const say = (line: string): void => void (said += `${line}\r\n`);
  const send = (): void => {
    socket.write(session.cut ? said.slice(0, said.length / 2) : said, "latin1");
    said = "";
    if (session.ended || session.cut) socket.end();
  };
  const session = new MailSession(accounts, say);
  let input = "";
  let line = "";
  let literals: string[] = [];
  let awaited: number | null = null;
  /** Of an AUTHENTICATE whose answer is awaited. */
  let authenticating: string | null = null;
  say(session.greeting);
  send();

  const command = (text: string): void => {
    const space = text.indexOf(" ");
    const tag = text.slice(0, space);
    try {
      const words = tokensOf(text.slice(space + 1), literals);
      if (space < 1) throw new SyntaxError("A tag is missing.");
      if (String(words[0]).toUpperCase() === "AUTHENTICATE") {
        if (String(words[1]).toUpperCase() !== "PLAIN") return say(`${tag} NO There is only PLAIN.`);
        if (typeof words[2] === "string") return answer(tag, session.authenticate(words[2]));
        authenticating = tag;
        return say("+ ");
      }
      answer(tag, session.handle(words));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      say(`${space < 1 ? "*" : tag} BAD ${error.message}`);
    }
  };
  const answer = (tag: string, given: Answer | undefined): void => {
    if (given !== undefined) say(`${tag} ${given.status} ${given.text}`);
  };
  const take = (text: string): void => {
    if (authenticating !== null) {
      const tag = authenticating;
      authenticating = null;
      return answer(tag, text === "*" ? { status: "BAD", text: "Given up." } : session.authenticate(text));
    }
    const [mark, bytes, plus] = LITERAL.exec(text) ?? [];
    if (mark === undefined) {
      command(line + text);
      line = "";
      literals = [];
      return;
    }
    line += `${text.slice(0, -mark.length)}\0${literals.length}\0`;
    awaited = Number(bytes);
    if (awaited > LITERAL_BYTES_MAX) return void socket.destroy();
    if (plus === "") say("+ Go on.");
  };
  socket.on("data", (chunk: Buffer) => {
    input += chunk.toString("latin1");
    while (!session.ended && !session.cut) {
      if (awaited !== null) {
        if (input.length < awaited) return;
        literals.push(input.slice(0, awaited));
        input = input.slice(awaited);
        awaited = null;
      }
      const end = input.indexOf("\r\n");
      if (end < 0) return void (input.length > LINE_BYTES_MAX && socket.destroy());
      const text = input.slice(0, end);
      input = input.slice(end + 2);
      take(text);
      send();
    }
  });
}
