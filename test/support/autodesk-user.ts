import { randomId } from "../../worker/ids.ts";
import { invite, newRobot, SandboxAutodesk } from "../providers/sandbox-autodesk.ts";
import { createUser, type Synced } from "./memory-user.ts";

export interface AutodeskUser extends Synced {
  drive: SandboxAutodesk;
}

/** A user whose one connection is a person of the sandbox's Autodesk, with a sync of their project. `fill` runs before anything is listed. */
export async function createAutodeskUser(fill: (drive: SandboxAutodesk) => Promise<unknown>): Promise<AutodeskUser> {
  const drive = await SandboxAutodesk.open("sync");
  await fill(drive);
  const { id, label } = await drive.provider.account();
  const { access_token: accessToken, refresh_token: refreshToken } = drive.tokens;
  const user = await createUser(randomId(), {
    provider: "autodesk",
    account: { id, label, email: drive.account },
    scopes: [],
    tokens: { accessToken, refreshToken, expiresAt: Date.now() + 365 * 86_400_000 },
    homeShard: 0,
  });
  return Object.defineProperties({ drive } as AutodeskUser, Object.getOwnPropertyDescriptors(user));
}

/** A user whose one connection is a service account of the sandbox's, with a sync of the one project that it was invited to. */
export async function createRobotUser(project: string): Promise<Synced & { account: string }> {
  const { account, values, provider } = await newRobot();
  await invite(project, account);
  const { id, label } = await provider.account();
  const request = {
    provider: "autodesk",
    method: "service-account",
    account: { id, label, email: null },
    scopes: [],
    fields: values,
    homeShard: 0,
  };
  const user = await createUser(randomId(), request);
  return Object.defineProperties({ account } as Synced & { account: string }, Object.getOwnPropertyDescriptors(user));
}

/** What the source has, in the mirror's form. */
export async function sourceOf({ drive }: AutodeskUser): Promise<{ path: string; sha256: string }[]> {
  return (await drive.tree()).map(({ path, sha256 }) => ({ path, sha256 }));
}
