import type { Command, Context } from "../command.ts";
import { parseOptions, showJson } from "../command.ts";
import { createApi } from "../api.ts";
import { checkOrigin, checkToken, saveCredentials } from "../credentials.ts";
import { UsageError } from "../failure.ts";

/** Asks who the token's user is before it stores it. The token is never printed. */
export const login: Command = {
  usage: "login [--origin ADDRESS] [--token-stdin] [--json]",
  summary: "sign in with an API token",
  async run(args, context) {
    const { values } = parseOptions(args, {
      origin: { type: "string" },
      "token-stdin": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    });
    const { env, terminal } = context;
    const origin = checkOrigin(values.origin ?? (env["TIDEMARK_ORIGIN"] || (await ask(context, "Address: ", "--origin"))));
    const token = checkToken((values["token-stdin"] ? await terminal.input() : await askSecret(context)).trim());
    const me = await createApi({ origin, token }).me();
    const file = await saveCredentials(env, { origin, token });
    const { name, email } = me;
    const { scopes = [], expiresAt = null, name: tokenName = "" } = me.token ?? {};
    if (values.json) showJson(terminal, { origin, user: { id: me.id, name, email }, token: { name: tokenName, scopes, expiresAt }, file });
    else {
      terminal.out(
        `Signed in at ${origin} as ${name}${email === null ? "" : ` <${email}>`}, with the token “${tokenName}” (${scopes.join(", ")}).`,
      );
      terminal.out(`It is kept in ${file}${expiresAt === null ? "." : `, and valid until ${expiresAt}.`}`);
    }
    return 0;
  },
};

function ask({ terminal }: Context, question: string, option: string): Promise<string> {
  if (!terminal.interactive) throw new UsageError(`Nobody can be asked here: give ${option}.`);
  return terminal.ask(question);
}

function askSecret({ terminal }: Context): Promise<string> {
  if (!terminal.interactive) throw new UsageError("Nobody can be asked here: give --token-stdin, and the token on standard input.");
  return terminal.askSecret("Token: ");
}
