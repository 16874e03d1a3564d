import type { Identity } from "../db/users.ts";

/** Administrators are named by issuer and subject, never by an address: "issuer subject[,issuer subject…]". */
export function isAdmin(env: Pick<Env, "ADMIN_SUBJECTS">, identities: readonly Identity[]): boolean {
  const named = new Set((env.ADMIN_SUBJECTS || "").split(",").map((entry) => entry.trim().split(/\s+/).join(" ")));
  return identities.some(({ issuer, subject }) => named.has(`${issuer} ${subject}`));
}
