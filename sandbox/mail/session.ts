import type { MailAccounts } from "./accounts.ts";
import { fetched, itemsOf, timeOf } from "./fetch.ts";
import type { Box, Mail } from "./store.ts";
import { fromWire, inSet, stringOf, textOf, type Token, toWire } from "./tokens.ts";

// One client's conversation: IMAP4rev1 (RFC 3501), with UIDPLUS, MOVE, SPECIAL-USE, CONDSTORE and QRESYNC as far as clients use them.

export type Profile = "full" | "condstore" | "plain";

/** What of it a server of some kind has. */
const CAPABILITIES: Record<Profile, string> = {
  full: "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN ID ENABLE NAMESPACE UIDPLUS MOVE UNSELECT SPECIAL-USE CONDSTORE QRESYNC",
  condstore: "IMAP4rev1 SASL-IR AUTH=PLAIN ID ENABLE NAMESPACE UIDPLUS MOVE UNSELECT SPECIAL-USE CONDSTORE",
  plain: "IMAP4rev1 AUTH=PLAIN UIDPLUS",
};
/** Of every kind, before it is known whose account it is. */
const CAPABILITY_AT_FIRST = "IMAP4rev1 AUTH=PLAIN";
const FLAGS = "(\\Answered \\Flagged \\Deleted \\Seen \\Draft)";
const DELIMITER = "/";

export type Answer = { status: "OK" | "NO" | "BAD"; text: string };
const ok = (text: string): Answer => ({ status: "OK", text });
const no = (text: string): Answer => ({ status: "NO", text });
const bad = (text: string): Answer => ({ status: "BAD", text });

interface Selected {
  box: Box;
  readOnly: boolean;
  /** The numbers of its mails, as the client knows them: a mail's place in it is its sequence number. */
  uids: number[];
}

export class MailSession {
  readonly #accounts: MailAccounts;
  #profile: Profile = "full";
  readonly #say: (line: string) => void;
  #account: number | null = null;
  /** Whose it is. */
  #user = "";
  #selected: Selected | null = null;
  #qresync = false;
  ended = false;
  /** The connection is to break in the middle of what was just said. */
  cut = false;

  constructor(accounts: MailAccounts, say: (line: string) => void) {
    this.#accounts = accounts;
    this.#say = say;
  }

  get greeting(): string {
    return `* OK [CAPABILITY ${CAPABILITY_AT_FIRST}] The sandbox's mail is ready.`;
  }

  /** A command without its tag; the answer comes after all that it makes be said. Undefined: the server has left. */
  handle(words: readonly Token[]): Answer | undefined {
    const [name = "", ...rest] = words;
    const command = String(name).toUpperCase();
    const called = command === "UID" ? String(rest[0]).toUpperCase() : command;
    const fault = this.#account === null ? undefined : this.#accounts.faults.command(this.#user, called, this.#selected?.box.path ?? "");
    if (fault === "gone") {
      this.#say("* BYE Server shutting down.");
      this.ended = true;
      return undefined;
    }
    const answer = fault ?? this.#do(command, rest);
    if (this.#account === null) return answer;
    this.#accounts.note(this.#user, called, answer.status === "OK");
    this.cut = this.#accounts.faults.cuts(this.#user, called, this.#selected?.box.path ?? "");
    return answer;
  }

  #do(command: string, rest: Token[]): Answer {
    try {
      const answer = command === "UID" ? this.#withUids(rest) : this.#run(command, rest, false);
      this.#tellNews(!["FETCH", "STORE", "SEARCH"].includes(command));
      return answer;
    } catch (error) {
      if (error instanceof SyntaxError) return bad(error.message);
      throw error;
    }
  }

  /** `credentials`: what a client answered to AUTHENTICATE PLAIN. */
  authenticate(credentials: string): Answer {
    const [, user = "", password = ""] = Buffer.from(credentials, "base64").toString("utf8").split("\0");
    return this.#login(user, password);
  }

  #withUids([name = "", ...rest]: Token[]): Answer {
    const command = String(name).toUpperCase();
    if (!["FETCH", "STORE", "SEARCH", "COPY", "MOVE", "EXPUNGE"].includes(command)) return bad(`There is no UID ${command}.`);
    return this.#run(command, rest, true);
  }

  #run(command: string, words: Token[], byUid: boolean): Answer {
    switch (command) {
      case "CAPABILITY":
        this.#say(`* CAPABILITY ${this.#account === null ? CAPABILITY_AT_FIRST : CAPABILITIES[this.#profile]}`);
        return ok("These are they.");
      case "NOOP":
      case "CHECK":
        return ok("Done.");
      case "ID":
        this.#say('* ID ("name" "Tidemark sandbox")');
        return ok("Pleased to meet you.");
      case "LOGOUT":
        this.#say("* BYE Until next time.");
        this.ended = true;
        return ok("Logged out.");
      case "LOGIN":
        return this.#login(textOf(words[0]), Buffer.from(textOf(words[1]), "latin1").toString("utf8"));
    }
    if (this.#account === null) return no("[AUTHENTICATIONFAILED] Sign in first.");
    return this.#signedIn(this.#account, command, words, byUid);
  }

  #login(user: string, password: string): Answer {
    const fault = this.#accounts.faults.signIn(user);
    if (fault !== undefined) return fault;
    const account = this.#accounts.signIn(user, password);
    if (account === null) return no("[AUTHENTICATIONFAILED] Invalid credentials");
    this.#account = account;
    this.#user = user;
    this.#profile = this.#accounts.profile(user);
    return ok(`[CAPABILITY ${CAPABILITIES[this.#profile]}] Welcome.`);
  }

  #signedIn(account: number, command: string, words: Token[], byUid: boolean): Answer {
    switch (command) {
      case "ENABLE":
        return this.#enable(words.map((word) => textOf(word).toUpperCase()));
      case "NAMESPACE":
        this.#say(`* NAMESPACE (("" "${DELIMITER}")) NIL NIL`);
        return ok("That is all.");
      case "LIST":
      case "LSUB":
        return this.#list(account, command, words);
      case "STATUS":
        return this.#status(account, words);
      case "SELECT":
      case "EXAMINE":
        return this.#select(account, command === "EXAMINE", words);
      case "CREATE":
      case "APPEND":
        return command === "CREATE" ? this.#create(account, words) : this.#append(account, words);
    }
    if (this.#selected === null) return bad("Select a mailbox first, or say something else.");
    return this.#inBox(account, this.#selected, command, words, byUid);
  }

  #enable(names: readonly string[]): Answer {
    const known = names.filter((name) => CAPABILITIES[this.#profile].split(" ").includes(name) && /^(CONDSTORE|QRESYNC)$/.test(name));
    this.#qresync ||= known.includes("QRESYNC");
    this.#say(`* ENABLED ${known.join(" ")}`.trimEnd());
    return ok("Enabled.");
  }

  #list(account: number, command: string, words: Token[]): Answer {
    const [reference = "", pattern = ""] = words.filter((word) => typeof word === "string").map((word) => fromWire(word));
    if (pattern === "") {
      this.#say(`* ${command} (\\Noselect) "${DELIMITER}" ""`);
      return ok("Listed.");
    }
    const expression = `${reference}${pattern}`
      .replace(/[.+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("%", `[^${DELIMITER}]*`);
    const matches = new RegExp(`^${expression}$`, "i");
    const boxes = this.#accounts.store.boxes(account);
    const parents = boxes.flatMap(({ path }) =>
      path
        .split(DELIMITER)
        .slice(0, -1)
        .map((_, index, all) => all.slice(0, index + 1).join(DELIMITER)),
    );
    const holders = [...new Set(parents)].filter((path) => !boxes.some((box) => box.path === path));
    for (const path of holders) if (matches.test(path)) this.#say(`* ${command} (\\Noselect) "${DELIMITER}" ${stringOf(toWire(path))}`);
    for (const { path, use } of boxes)
      if (matches.test(path)) this.#say(`* ${command} (${use ?? ""}) "${DELIMITER}" ${stringOf(toWire(path))}`);
    return ok("Listed.");
  }

  #status(account: number, words: Token[]): Answer {
    const box = this.#boxNamed(account, words[0]);
    if (box === undefined) return no("[NONEXISTENT] There is no such mailbox.");
    const mails = this.#accounts.store.mails(box.id);
    const values: Record<string, number> = {
      MESSAGES: mails.length,
      RECENT: 0,
      UIDNEXT: box.next,
      UIDVALIDITY: box.validity,
      UNSEEN: mails.filter((mail) => !mail.flags.includes("\\Seen")).length,
      ...(this.#profile !== "plain" && { HIGHESTMODSEQ: box.modseq }),
    };
    const asked = (Array.isArray(words[1]) ? words[1] : []).map((word) => textOf(word).toUpperCase()).filter((name) => name in values);
    this.#say(`* STATUS ${stringOf(toWire(box.path))} (${asked.map((name) => `${name} ${values[name]}`).join(" ")})`);
    return ok("That is how it is.");
  }

  #select(account: number, readOnly: boolean, words: Token[]): Answer {
    this.#selected = null;
    const box = this.#boxNamed(account, words[0]);
    if (box === undefined) return no("[NONEXISTENT] There is no such mailbox.");
    const mails = this.#accounts.store.mails(box.id);
    this.#selected = { box, readOnly, uids: mails.map(({ uid }) => uid) };
    this.#say(`* FLAGS ${FLAGS}`);
    this.#say(`* ${mails.length} EXISTS`);
    this.#say("* 0 RECENT");
    this.#say(`* OK [PERMANENTFLAGS ${readOnly ? "()" : FLAGS}] These stay.`);
    this.#say(`* OK [UIDVALIDITY ${box.validity}] Numbers mean something.`);
    this.#say(`* OK [UIDNEXT ${box.next}] The next one.`);
    if (this.#profile !== "plain") this.#say(`* OK [HIGHESTMODSEQ ${box.modseq}] Changes so far.`);
    const [option, known] = Array.isArray(words[1]) ? words[1] : [];
    if (this.#qresync && option === "QRESYNC" && Array.isArray(known)) this.#tellSince(box, mails, Number(known[0]), Number(known[1]));
    return ok(`[READ-${readOnly ? "ONLY" : "WRITE"}] Selected.`);
  }

  /** What QRESYNC is for: all that has happened since, unless the numbers mean something else by now. */
  #tellSince(box: Box, mails: readonly Mail[], validity: number, modseq: number): void {
    if (validity !== box.validity) return;
    const gone = this.#accounts.store.goneSince(box.id, modseq);
    if (gone.length > 0) this.#say(`* VANISHED (EARLIER) ${gone.join(",")}`);
    mails.forEach((mail, index) => {
      if (mail.modseq > modseq) this.#say(`* ${index + 1} FETCH (UID ${mail.uid} FLAGS (${mail.flags.join(" ")}) MODSEQ (${mail.modseq}))`);
    });
  }

  #create(account: number, words: Token[]): Answer {
    const path = fromWire(textOf(words[0]));
    if (this.#accounts.store.box(account, path) !== undefined) return no("[ALREADYEXISTS] It is there already.");
    this.#accounts.makeBox(account, path);
    return ok("Made.");
  }

  #append(account: number, words: Token[]): Answer {
    const box = this.#boxNamed(account, words[0]);
    if (box === undefined) return no("[TRYCREATE] There is no such mailbox.");
    const flags = words.slice(1).find((word) => Array.isArray(word));
    const texts = words.slice(1).filter((word) => typeof word === "string");
    const received = texts.length > 1 ? timeOf(texts[0] ?? "") : undefined;
    const uid = this.#accounts.store.add(
      box.id,
      texts.at(-1) ?? "",
      received ?? this.#accounts.now(),
      (flags ?? []).map((flag) => textOf(flag)),
    );
    return ok(`[APPENDUID ${box.validity} ${uid}] Taken.`);
  }

  #inBox(account: number, selected: Selected, command: string, words: Token[], byUid: boolean): Answer {
    switch (command) {
      case "CLOSE":
      case "UNSELECT":
        if (command === "CLOSE" && !selected.readOnly) this.#expunge(selected, () => true, true);
        this.#selected = null;
        return ok("Closed.");
      case "FETCH":
        return this.#fetch(selected, words, byUid);
      case "SEARCH":
        this.#say(`* SEARCH ${this.#found(selected, words, byUid).join(" ")}`.trimEnd());
        return ok("Searched.");
    }
    if (selected.readOnly) return no("[READ-ONLY] This mailbox is only looked at.");
    switch (command) {
      case "STORE":
        return this.#store(selected, words, byUid);
      case "COPY":
      case "MOVE":
        return this.#copy(account, selected, words, byUid, command === "MOVE");
      case "EXPUNGE": {
        const wanted = byUid ? inSet(textOf(words[0]), selected.uids.at(-1) ?? 0) : () => true;
        this.#expunge(selected, wanted, false);
        return ok("Expunged.");
      }
      default:
        return bad(`There is no ${command}.`);
    }
  }

  #fetch(selected: Selected, words: Token[], byUid: boolean): Answer {
    const items = itemsOf(words[1]);
    const modifiers = Array.isArray(words[2]) ? words[2].map(String) : [];
    const since = Number(modifiers[modifiers.findIndex((word) => word.toUpperCase() === "CHANGEDSINCE") + 1] ?? 0) || 0;
    const needed = [...(byUid ? ["UID"] : []), ...(since > 0 ? ["MODSEQ"] : [])];
    const asked = [...needed.filter((name) => !items.some((item) => item.toUpperCase() === name)), ...items];
    if (since > 0 && modifiers.some((word) => word.toUpperCase() === "VANISHED")) {
      const wanted = inSet(textOf(words[0]), Number.MAX_SAFE_INTEGER);
      const gone = this.#accounts.store.goneSince(selected.box.id, since).filter(wanted);
      if (gone.length > 0) this.#say(`* VANISHED (EARLIER) ${gone.join(",")}`);
    }
    for (const { mail, place } of this.#meant(selected, textOf(words[0]), byUid)) {
      if (mail.modseq <= since) continue;
      if (this.#accounts.faults.leavesOut("mail-not-described", this.#user, selected.box.path, mail.uid)) continue;
      this.#say(`* ${place} FETCH ${fetched(this.#accounts.store, selected.box, mail, asked, selected.readOnly)}`);
    }
    return ok("Fetched.");
  }

  #store(selected: Selected, words: Token[], byUid: boolean): Answer {
    const [, sign = "", silent] = /^([+-]?)FLAGS(\.SILENT)?$/i.exec(textOf(words[1])) ?? [null, null];
    if (sign === null) return bad("There are only flags to store.");
    const given = (Array.isArray(words[2]) ? words[2] : words.slice(2)).map((flag) => textOf(flag));
    for (const { mail, place } of this.#meant(selected, textOf(words[0]), byUid)) {
      const kept = sign === "" ? [] : mail.flags.filter((flag) => sign === "+" || !given.includes(flag));
      const flags = sign === "-" ? kept : [...new Set([...kept, ...given])];
      this.#accounts.store.setFlags(selected.box.id, mail.uid, flags);
      if (silent === undefined) this.#say(`* ${place} FETCH (${byUid ? `UID ${mail.uid} ` : ""}FLAGS (${flags.join(" ")}))`);
    }
    return ok("Stored.");
  }

  #copy(account: number, selected: Selected, words: Token[], byUid: boolean, move: boolean): Answer {
    const target = this.#boxNamed(account, words[1]);
    if (target === undefined) return no("[TRYCREATE] There is no such mailbox.");
    const { store } = this.#accounts;
    const meant = this.#meant(selected, textOf(words[0]), byUid).map(({ mail }) => mail);
    const copies = meant.map((mail) => store.add(target.id, store.bytes(selected.box.id, mail.uid), mail.received, mail.flags));
    const code = `[COPYUID ${target.validity} ${meant.map(({ uid }) => uid).join(",")} ${copies.join(",")}]`;
    if (!move || meant.length === 0) return ok(meant.length === 0 ? "There was nothing." : `${code} Copied.`);
    this.#say(`* OK ${code} Copied.`);
    for (const { uid } of meant) store.expunge(selected.box.id, uid);
    return ok("Moved.");
  }

  #expunge(selected: Selected, wanted: (uid: number) => boolean, silent: boolean): void {
    for (const mail of this.#accounts.store.mails(selected.box.id)) {
      if (mail.flags.includes("\\Deleted") && wanted(mail.uid)) this.#accounts.store.expunge(selected.box.id, mail.uid);
    }
    if (silent) selected.uids = [];
  }

  #found(selected: Selected, words: Token[], byUid: boolean): number[] {
    const all = this.#meant(selected, "1:*", false);
    const greatest = selected.uids.at(-1) ?? 0;
    const conditions: ((mail: Mail, place: number) => boolean)[] = [];
    for (let at = 0; at < words.length; at += 1) {
      const word = textOf(words[at]).toUpperCase();
      if (word === "ALL" || word === "CHARSET") at += word === "CHARSET" ? 1 : 0;
      else if (word === "UID")
        conditions.push(
          (
            (wanted) => (mail: Mail) =>
              wanted(mail.uid)
          )(inSet(textOf(words[(at += 1)]), greatest)),
        );
      else if (word === "UNSEEN" || word === "SEEN") conditions.push((mail) => mail.flags.includes("\\Seen") === (word === "SEEN"));
      else if (word === "DELETED" || word === "UNDELETED")
        conditions.push((mail) => mail.flags.includes("\\Deleted") === (word === "DELETED"));
      else
        conditions.push(
          (
            (wanted) => (_mail: Mail, place: number) =>
              wanted(place)
          )(inSet(word, all.length)),
        );
    }
    const isListed = ({ mail }: { mail: Mail }) =>
      !this.#accounts.faults.leavesOut("mail-not-listed", this.#user, selected.box.path, mail.uid);
    return all
      .filter(isListed)
      .filter(({ mail, place }) => conditions.every((holds) => holds(mail, place)))
      .map(({ mail, place }) => (byUid ? mail.uid : place));
  }

  /** The mails of a set, with their places, in their order. */
  #meant(selected: Selected, set: string, byUid: boolean): { mail: Mail; place: number }[] {
    const wanted = inSet(set, byUid ? (selected.uids.at(-1) ?? 0) : selected.uids.length);
    const mails = new Map(this.#accounts.store.mails(selected.box.id).map((mail) => [mail.uid, mail]));
    return selected.uids.flatMap((uid, index) => {
      const mail = mails.get(uid);
      return mail && wanted(byUid ? uid : index + 1) ? [{ mail, place: index + 1 }] : [];
    });
  }

  /** What others did meanwhile. Places may only change where no command is at work that names some. */
  #tellNews(mayExpunge: boolean): void {
    const selected = this.#selected;
    if (selected === null) return;
    const now = this.#accounts.store.mails(selected.box.id).map(({ uid }) => uid);
    const there = new Set(now);
    const gone = mayExpunge ? selected.uids.filter((uid) => !there.has(uid)) : [];
    if (gone.length > 0 && this.#qresync) this.#say(`* VANISHED ${gone.join(",")}`);
    for (const uid of gone) {
      if (!this.#qresync) this.#say(`* ${selected.uids.indexOf(uid) + 1} EXPUNGE`);
      selected.uids.splice(selected.uids.indexOf(uid), 1);
    }
    const known = new Set(selected.uids);
    const fresh = now.filter((uid) => !known.has(uid));
    selected.uids.push(...fresh);
    if (fresh.length > 0) this.#say(`* ${selected.uids.length} EXISTS`);
  }

  #boxNamed(account: number, word: Token | undefined): Box | undefined {
    return this.#accounts.store.box(account, fromWire(textOf(word)));
  }
}
