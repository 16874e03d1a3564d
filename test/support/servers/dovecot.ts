import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { certificates } from "../../../scripts/servers/dovecot/certificates.ts";
import { Dovecot, hasDovecot } from "../../../scripts/servers/dovecot/dovecot.ts";

/** Where tests within workerd reach the Dovecot that they share, which is started when it is first asked for. */
export const DOVECOT_HOST = "dovecot.test";

let dovecot: Promise<Dovecot> | undefined;

/**
 * `GET /`: its ports; 404 where this machine has none, unless this is CI, where that is an error. `POST /accounts` `{user, password}`: makes one, or gives it another password.
 * `POST /doveadm` `{args}`: what its tool for administrators answers.
 */
export async function answerDovecot(request: Request): Promise<Response> {
  if (!hasDovecot() || certificates === null)
    return new Response("Dovecot is not installed: apt-get install dovecot-imapd", { status: 404 });
  const server = await (dovecot ??= Dovecot.start(certificates.trusted, await tokenInfo()));
  const { pathname } = new URL(request.url);
  if (pathname === "/") return Response.json(server.place);
  const body = (await request.json()) as { user: string; password: string; args: string[] };
  if (pathname === "/accounts") await server.setPassword(body.user, body.password);
  else return new Response(await server.doveadm(...body.args));
  return Response.json({});
}

/** Says of the token `of {name}` that it is that account's, and of all others nothing good. Answers its address. */
function tokenInfo(): Promise<string> {
  const server = createServer((request, response) => {
    const [, account] = /^of (.+)$/.exec(new URL(request.url ?? "", "http://localhost").searchParams.get("token") ?? "") ?? [];
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(account === undefined ? { active: false } : { active: true, email: account }));
  });
  server.unref();
  return new Promise((listening) => {
    server.listen(0, "127.0.0.1", () => listening(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  });
}
