import type { AppContext } from "../context.ts";
import { userObject } from "../context.ts";
import { accounts } from "../db/client.ts";
import type { UserRow } from "../db/users.ts";
import { claimIdentity, createUser, findUserByIdentity, identityId, updateUser } from "../db/users.ts";
import { unwrap } from "../errors.ts";
import type { Connection } from "../wire.ts";
import { randomId } from "../ids.ts";
import { maySignUp } from "./admission.ts";
import type { Authority } from "./authorities/authority.ts";
import type { Source } from "./begin.ts";
import { connectedAccount } from "./connected-account.ts";
import type { Flow, FlowPurpose } from "./flow.ts";
import type { Person } from "./person.ts";
import { OPEN_TIDEMARK, SignInProblem, tokenRejected } from "./problem.ts";
import { recordSession } from "./record.ts";
import { signedIn, startSession } from "./session.ts";
import type { FinishedSignIn } from "./sign-in.ts";

const FIRST_SHARD = 0;

/** Whom the flow is about, and the session that they have here now. */
interface Present {
  user: Pick<UserRow, "id" | "homeShard">;
  sessionId: string;
}

/** What a callback was for: signs in, adds or renews an account of who is signed in, or both. */
export async function finishSignIn(
  c: AppContext,
  authority: Authority,
  source: Source | null,
  flow: Flow,
  finished: FinishedSignIn,
  now: number,
): Promise<void> {
  const { person, access } = finished;
  const present = await presentFor(c, authority, flow.purpose, person, now);
  const { user } = present;
  const by = { userId: user.id, sessionId: present.sessionId };
  if (flow.purpose.kind === "sign-in") await recordSession(c, by, "session.begun", { name: authority.name });
  if (source && access) {
    const connection = await connect(c, source, flow.purpose, user, person, access);
    const made = Date.parse(connection.createdAt) >= now;
    // Each sign-in renews its connection: that is no deed of its own.
    if (made || flow.purpose.kind !== "sign-in") {
      await recordSession(c, by, made ? "connection.made" : "connection.reconnected", { target: connection.id, name: connection.label });
    }
  }
  // Only now: an account that was refused as another one must not become a way to sign in.
  if (person && (await claimIdentity(accounts(c.env), user.id, person.identity, person, now))) {
    await recordSession(c, by, "identity.linked", { target: identityId(person.identity), name: person.email ?? person.name });
  }
  const object = userObject(c.env, user.id);
  if (flow.purpose.kind === "sign-in" && person?.verifiedEmail) await object.addressVerified(person.verifiedEmail);
  await object.accountChanged();
  c.var.log.info("auth.connected", { userId: user.id, purpose: flow.purpose.kind, authority: authority.id, provider: flow.provider });
}

async function presentFor(c: AppContext, authority: Authority, purpose: FlowPurpose, person: Person | null, now: number): Promise<Present> {
  if (purpose.kind !== "sign-in") return link(c, purpose, person, now);
  if (!person) throw tokenRejected(authority.name, "This authority proves nobody's identity.");
  return signIn(c, person, now);
}

async function connect(
  c: AppContext,
  { definition, method }: Source,
  purpose: FlowPurpose,
  user: Present["user"],
  person: Person | null,
  { scopes, tokens }: NonNullable<FinishedSignIn["access"]>,
): Promise<Connection> {
  const connected = await userObject(c.env, user.id).addConnection(
    {
      provider: definition.id,
      method: method.id,
      account: person ? accountOf(person) : await connectedAccount(c.env, definition, tokens.accessToken),
      scopes,
      tokens,
      homeShard: user.homeShard,
      // Who adds a source chooses first what of it is kept.
      firstSync: purpose.kind === "sign-in",
      ...(purpose.kind === "reconnect" ? { connectionId: purpose.connectionId } : {}),
    },
    c.var.requestId,
  );
  if (!connected.ok && connected.code === "connection.other_account") {
    const message = "This is another account than the connection's. Choose the same account, or connect this one as a new connection.";
    throw new SignInProblem("connection.other_account", message, OPEN_TIDEMARK);
  }
  return unwrap(connected);
}

function accountOf({ accountId, name, email }: Person): { id: string; label: string; email: string | null } {
  return { id: accountId, label: email ?? name, email };
}

/** Login always signs in, whoever was signed in before: known persons as themselves, others as new users where that is open. */
async function signIn(c: AppContext, person: Person, now: number): Promise<Present> {
  const db = accounts(c.env);
  const known = await findUserByIdentity(db, person.identity);
  if (known) await updateUser(db, known.id, { name: person.name, email: person.email, signedInAt: now });
  const user = known ?? (await signUp(c, person, now));
  return { user, sessionId: await startSession(c, user.id, now) };
}

function signUp(c: AppContext, person: Person, now: number): Promise<UserRow> {
  if (!maySignUp(c.env, person)) {
    const message =
      "You are who you say, but this Tidemark takes in only people whom its operator has named. Ask them, or use another account.";
    throw new SignInProblem("auth.sign_up_closed", message, { label: "Use another account", go: "again" });
  }
  const user = {
    id: randomId(),
    name: person.name,
    email: person.email,
    homeShard: FIRST_SHARD,
    quotaBytes: null,
    quotaItems: null,
    quotaSyncs: null,
    createdAt: now,
    signedInAt: now,
  };
  return createUser(accounts(c.env), user, person.identity);
}

/** The signed-in user, unless the identity is somebody else's. */
async function link(
  c: AppContext,
  purpose: Exclude<FlowPurpose, { kind: "sign-in" }>,
  person: Person | null,
  now: number,
): Promise<Present> {
  const present = await signedIn(c, now);
  if (present?.user.id !== purpose.userId) {
    const message = "You signed out, or in as somebody else, while the account was being connected. Nothing was connected.";
    throw new SignInProblem("auth.state_unknown", message, OPEN_TIDEMARK);
  }
  const owner = person ? await findUserByIdentity(accounts(c.env), person.identity) : undefined;
  if (owner && owner.id !== present.user.id) {
    const message = "This account already belongs to another user of Tidemark. Sign in with it to see what is kept of it.";
    throw new SignInProblem("auth.identity_taken", message, { label: "Sign in with that account", go: "sign-in" });
  }
  return present;
}
