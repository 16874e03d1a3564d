import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from "jose";
import { findMasterKey, masterKeys } from "./keyring.ts";

// Credentials at rest: a JWE with a random content key of its own (AES-256-GCM), wrapped by the master key that the
// header names (A256KW). The header is authenticated and names the user and the connection: a sealed credential opens
// nowhere else.

const TYPE = "tidemark-credential";

/** Whose credential it is. */
interface VaultContext {
  userId: string;
  connectionId: string;
}

export interface Vault {
  seal(context: VaultContext, value: object): Promise<string>;
  /** Throws a `VaultError` where the text was not sealed for this context or by a key that is still known. */
  open<T extends object>(context: VaultContext, sealed: string): Promise<T>;
  /** Whether the current master key sealed it. If not, seal again what was opened. */
  isCurrent(sealed: string): boolean;
}

export class VaultError extends Error {
  override readonly name = "VaultError";
}

/** Throws where MASTER_KEYS cannot be used. */
export function createVault(env: Pick<Env, "MASTER_KEYS">): Vault {
  const [current] = masterKeys(env);
  return {
    seal: (context, value) =>
      new CompactEncrypt(new TextEncoder().encode(JSON.stringify(value)))
        .setProtectedHeader({
          alg: "A256KW",
          enc: "A256GCM",
          typ: TYPE,
          kid: current.id,
          user: context.userId,
          connection: context.connectionId,
        })
        .encrypt(current.bytes),

    open: async <T extends object>(context: VaultContext, sealed: string) => {
      const key = findMasterKey(env, keyId(sealed));
      if (!key) throw new VaultError("The master key that sealed this credential is not in MASTER_KEYS.");
      const { plaintext, protectedHeader } = await decrypt(sealed, key.bytes);
      const { typ, user, connection } = protectedHeader;
      if (typ !== TYPE || user !== context.userId || connection !== context.connectionId) {
        throw new VaultError("This credential was sealed for another connection.");
      }
      return JSON.parse(new TextDecoder().decode(plaintext)) as T;
    },

    isCurrent: (sealed) => keyId(sealed) === current.id,
  };
}

function keyId(sealed: string): string {
  try {
    return String(decodeProtectedHeader(sealed).kid);
  } catch (cause) {
    throw new VaultError("This is not a sealed credential.", { cause });
  }
}

async function decrypt(sealed: string, key: Uint8Array) {
  try {
    return await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ["A256KW"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
  } catch (cause) {
    throw new VaultError("This credential does not open: it was changed, or sealed by another key of the same name.", { cause });
  }
}
