import type { Vendor } from "../vendor.ts";
import { FIRST_ACCOUNT, MAIL_DOMAIN, MailAccounts } from "./accounts.ts";
import { mailControl } from "./control.ts";
import { listenForMail } from "./server.ts";
import type { Profile } from "./session.ts";
import { mailOf } from "./starter.ts";

const HOST = `imap.${MAIL_DOMAIN}`;

/** A mail provider that is read by IMAP, on a port of its own: `MAIL_PORT` of the settings. It has no pages. */
export const mail: Vendor = {
  name: "mail",
  title: "Mail",
  isHost: (host) => host === HOST,
  accountKinds: [
    {
      domain: MAIL_DOMAIN,
      label: "IMAP",
      describe: (base) => ({
        ...base,
        driveId: `mailbox of ${base.name}`,
        ids: { id: (n) => `m${n}`, parse: (id) => (/^m\d+$/.test(id) ? Number(id.slice(1)) : undefined) },
      }),
      // Mail is no drive: nothing of one is ever shown.
      rules: { product: "mail", nameProblem: () => undefined, pathLengthMax: Infinity, caseSensitive: true, namesakes: true },
    },
  ],
  firstAccounts: [FIRST_ACCOUNT],
  faultKinds: {},
  start: async (tools) => {
    const accounts = new MailAccounts(tools);
    const port = tools.settings["MAIL_PORT"];
    const state: { port: number | null; profile: Profile } = { port: null, profile: "full" };
    const server = port === undefined ? null : await listenForMail(accounts, Number(port), () => state.profile);
    state.port = server?.port ?? null;
    return {
      answer: async () => new Response(`${HOST} speaks IMAP only.\n`, { status: 404 }),
      // The page's button changes an account's drive: of mail it makes a mail.
      driveChanged: (account) => {
        const inbox = accounts.store.box(accounts.ready(account), "INBOX");
        if (inbox) accounts.store.add(inbox.id, mailOf(account.name, "A change", tools.now()), tools.now());
      },
      // Without a port there is nothing to connect to.
      signIn: (account) =>
        state.port === null
          ? {}
          : {
              Server: "localhost",
              Port: String(state.port),
              Encryption: "none",
              "User name": account.name,
              Password: accounts.password(account),
            },
      control: mailControl(tools, accounts, state),
      close: () => server?.close(),
    };
  },
};
