import type { Vendor } from "../vendor.ts";
import { FIRST_ACCOUNT, MAIL_DOMAIN, MAIL_HOST, MailAccounts } from "./accounts.ts";
import { mailControl } from "./control.ts";
import { FAULT_KINDS } from "./faults.ts";
import { listenForMail } from "./server.ts";
import { mailOf } from "./starter.ts";

/** A mail provider that is read by IMAP, on a port of its own: `MAIL_PORT` of the settings. It has no pages. */
export const mail: Vendor = {
  name: "mail",
  title: "Mail",
  isHost: (host) => host === MAIL_HOST,
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
  faultKinds: FAULT_KINDS,
  start: async (tools) => {
    const accounts = new MailAccounts(tools);
    const port = tools.settings["MAIL_PORT"];
    const server = port === undefined ? null : await listenForMail(accounts, Number(port));
    return {
      answer: async () => new Response(`${MAIL_HOST} speaks IMAP only.\n`, { status: 404 }),
      // The page's button changes an account's drive: of mail it makes a mail.
      driveChanged: (account) => {
        const inbox = accounts.store.box(accounts.ready(account), "INBOX");
        if (inbox) accounts.store.add(inbox.id, mailOf(account.name, "A change", tools.now()), tools.now());
      },
      // Without a port there is nothing to connect to.
      signIn: (account) =>
        server === null
          ? {}
          : {
              Server: "localhost",
              Port: String(server.port),
              Encryption: "none",
              "User name": account.name,
              Password: accounts.password(account),
            },
      control: mailControl(tools, accounts, server?.port ?? null),
      close: () => server?.close(),
    };
  },
};
