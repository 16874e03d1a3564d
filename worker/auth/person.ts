import type { Identity } from "../db/users.ts";

/** The person that a verified id token is about. */
export interface Person {
  identity: Identity;
  /** The account as a source of this authority's is connected by: the same for every app, or at least for this one. */
  accountId: string;
  name: string;
  /** For show and as a hint. Not proven: see `verifiedEmail`. */
  email: string | null;
  /** An address that the authority, or its domain's owner, vouches for. */
  verifiedEmail: string | null;
  /** At Microsoft: the directory. */
  tenantId?: string;
  /** At Google: the domain of the organisation that the account belongs to. */
  hostedDomain?: string;
}
