import { ImapFlow } from "imapflow";
import { mailOf } from "../sandbox/mail/starter.ts";
import { certificates } from "./servers/dovecot/certificates.ts";
import { Dovecot, hasDovecot } from "./servers/dovecot/dovecot.ts";

// `npm run try:dovecot`: a real mail server on this machine, to be connected to by a Tidemark on this machine. It ends, and forgets, with Ctrl-C.

const USER = "you@mail.example";
const PASSWORD = "sandbox";
const SUBJECTS = ["Welcome", "Größe, 大きさ, размер", "A file is attached"];

if (!hasDovecot() || certificates === null) {
  console.error("Dovecot is not installed: apt-get install dovecot-imapd");
  process.exit(1);
}
const dovecot = await Dovecot.start(certificates.trusted, "http://127.0.0.1:9/");
const { plainPort: port } = dovecot.place;
await dovecot.setPassword(USER, PASSWORD);
const client = new ImapFlow({ host: "127.0.0.1", port, doSTARTTLS: false, auth: { user: USER, pass: PASSWORD }, logger: false });
await client.connect();
for (const [index, subject] of SUBJECTS.entries()) {
  const files = index === 2 ? [{ path: "/notes.txt", bytes: Buffer.from("Notes.\n") }] : [];
  await client.append("INBOX", Buffer.from(mailOf(USER, subject, Date.now(), files), "latin1"));
}
await client.logout();
console.log(`Server:     localhost\nPort:       ${port}\nEncryption: none\nUser name:  ${USER}\nPassword:   ${PASSWORD}\n`);
console.log("Connect it in a Tidemark that was started with npm start. Ctrl-C ends the server, and removes its mails.");
setInterval(() => undefined, 2 ** 30);
