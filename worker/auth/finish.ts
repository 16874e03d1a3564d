import type { AppContext } from "../context.ts";
import { userObject } from "../context.ts";
import { accounts } from "../db/client.ts";
import type { UserRow } from "../db/users.ts";
import { claimIdentity, createUser, findUserByIdentity, updateUser } from "../db/users.ts";
import { unwrap } from "../errors.ts";
import { randomId } from "../ids.ts";
import { microsoftProvider } from "./begin.ts";
import { maySignUp } from "./admission.ts";
import type { Flow, FlowPurpose } from "./flow.ts";
import type { FinishedSignIn } from "./microsoft.ts";
import type { MicrosoftPerson } from "./microsoft-token.ts";
import { OPEN_TIDEMARK, SignInProblem, TRY_AGAIN } from "./problem.ts";
import { sessionUser, startSession } from "./session.ts";

const FIRST_SHARD = 0;

/** What a verified person's callback was for: signs in, or adds or renews an account of who is signed in. */
export async function finishSignIn(c: AppContext, flow: Flow, finished: FinishedSignIn, now: number): Promise<void> {
  const { person } = finished;
  const user = flow.purpose.kind === "sign-in" ? await signIn(c, person, now) : await link(c, flow.purpose, person, now);
  const connected = await userObject(c.env, user.id).addConnection(
    {
      provider: flow.provider,
      account: { id: person.accountId, label: person.email ?? person.name, email: person.email },
      method: microsoftProvider(flow.provider).method.id,
      scopes: finished.scopes,
      tokens: finished.tokens,
      homeShard: user.homeShard,
      ...(flow.purpose.kind === "reconnect" ? { connectionId: flow.purpose.connectionId } : {}),
    },
    c.var.requestId,
  );
  if (!connected.ok && connected.code === "connection.other_account") {
    const message = "This is another account than the connection's. Choose the same account, or connect this one as a new connection.";
    throw new SignInProblem("connection.other_account", message, OPEN_TIDEMARK);
  }
  unwrap(connected);
  // Only now: an account that was refused as another one must not become a way to sign in.
  await claimIdentity(accounts(c.env), user.id, person.identity, now);
  await userObject(c.env, user.id).accountChanged();
  c.var.log.info("auth.connected", { userId: user.id, purpose: flow.purpose.kind, provider: flow.provider });
}

/** Login always signs in, whoever was signed in before: known persons as themselves, others as new users where that is open. */
async function signIn(c: AppContext, person: MicrosoftPerson, now: number): Promise<UserRow> {
  const db = accounts(c.env);
  const known = await findUserByIdentity(db, person.identity);
  if (known) await updateUser(db, known.id, { name: person.name, email: person.email, signedInAt: now });
  const user = known ?? (await signUp(c, person, now));
  await startSession(c, user.id, now);
  return user;
}

function signUp(c: AppContext, person: MicrosoftPerson, now: number): Promise<UserRow> {
  if (!maySignUp(c.env, person)) {
    const message =
      "You are who you say, but this Tidemark takes in only people whom its operator has named. Ask them, or use another account.";
    throw new SignInProblem("auth.sign_up_closed", message, { ...TRY_AGAIN, label: "Use another account" });
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
  person: MicrosoftPerson,
  now: number,
): Promise<{ id: string; homeShard: number }> {
  const user = await sessionUser(c, now);
  if (user?.id !== purpose.userId) {
    const message = "You signed out, or in as somebody else, while the account was being connected. Nothing was connected.";
    throw new SignInProblem("auth.state_unknown", message, OPEN_TIDEMARK);
  }
  const owner = await findUserByIdentity(accounts(c.env), person.identity);
  if (owner && owner.id !== user.id) {
    const message = "This account already belongs to another user of Tidemark. Sign in with it to see what is kept of it.";
    throw new SignInProblem("auth.identity_taken", message, { ...TRY_AGAIN, label: "Sign in with that account" });
  }
  return user;
}
