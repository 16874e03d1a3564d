import { jwtVerify, SignJWT } from "jose";
import type { MasterKey } from "../keyring.ts";
import { deriveKey, findMasterKey } from "../keyring.ts";

// The proof that it is the operator who has the catalogue built again: nobody can sign in where nobody is known. It is
// signed with a key that is derived from a master key, and lives five minutes.

const AUDIENCE = "tidemark/rebuild";
const LIFETIME_SECONDS = 300;

export async function signRebuildToken(key: MasterKey, now: number): Promise<string> {
  const seconds = Math.floor(now / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: "HS256", kid: key.id })
    .setAudience(AUDIENCE)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + LIFETIME_SECONDS)
    .sign(await deriveKey(key, "maintenance"));
}

/** Whether the token was signed with one of our master keys, for this purpose, within the last five minutes. */
export async function isRebuildToken(env: Pick<Env, "MASTER_KEYS">, token: string, now: number): Promise<boolean> {
  try {
    await jwtVerify(
      token,
      async ({ kid }) => {
        const key = findMasterKey(env, kid ?? "");
        if (!key) throw new Error("It was signed with a key that is not ours.");
        return deriveKey(key, "maintenance");
      },
      {
        algorithms: ["HS256"],
        audience: AUDIENCE,
        currentDate: new Date(now),
        maxTokenAge: LIFETIME_SECONDS,
        requiredClaims: ["exp", "iat"],
      },
    );
    return true;
  } catch {
    return false;
  }
}
