import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS oauth_codes (
  vendor TEXT NOT NULL, code TEXT NOT NULL, account INTEGER NOT NULL, client TEXT NOT NULL, redirect_uri TEXT NOT NULL, scope TEXT NOT NULL,
  nonce TEXT, challenge TEXT, challenge_method TEXT NOT NULL, extra TEXT NOT NULL, issued INTEGER NOT NULL, redeemed INTEGER,
  PRIMARY KEY (vendor, code)
) WITHOUT ROWID;
`;

/** What a user allowed a client, as an authorization code stands for it. `extra`: what a vendor notes besides. */
export type CodeGrant = {
  /** The account's number. */
  account: number;
  client: string;
  redirectUri: string;
  scope: string;
  nonce: string | null;
  /** Of PKCE; null where the client did without. */
  challenge: string | null;
  challengeMethod: string;
  extra: Readonly<Record<string, string>>;
};

/** What is wrong with a code, or with what came with it: the first of these that is. */
export type CodeProblem = "unknown" | "redeemed" | "expired" | "unsuitable" | "other-redirect" | "verifier-missing" | "verifier-wrong";

export type Redemption = {
  client: string;
  redirectUri: string | null;
  verifier: string | null;
  /** What a vendor demands besides. */
  suits?: (grant: CodeGrant) => boolean;
};

export type Codes = {
  issue: (code: string, grant: CodeGrant) => void;
  /** The code's account's number, whatever became of the code. */
  accountOf: (code: string) => number | undefined;
  /** Uses up a code. */
  redeem: (code: string, asked: Redemption) => CodeGrant | CodeProblem;
};

/** A vendor's authorization codes: each works once, for as long as it lives, for the client and the redirect URI that it was made for. */
export function createCodes(db: DatabaseSync, now: Clock, { vendor, lifeMs }: { vendor: string; lifeMs: number }): Codes {
  db.exec(SCHEMA);
  const insert = db.prepare("INSERT INTO oauth_codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)");
  const select = db.prepare("SELECT * FROM oauth_codes WHERE vendor = ? AND code = ?");
  const use = db.prepare("UPDATE oauth_codes SET redeemed = ? WHERE vendor = ? AND code = ?");
  return {
    issue: (code, grant) => {
      const { account, client, redirectUri, scope, nonce, challenge, challengeMethod, extra } = grant;
      insert.run(vendor, code, account, client, redirectUri, scope, nonce, challenge, challengeMethod, JSON.stringify(extra), now());
    },
    accountOf: (code) => select.get(vendor, code)?.["account"] as number | undefined,
    redeem: (code, { client, redirectUri, verifier, suits }) => {
      const row = select.get(vendor, code);
      if (row === undefined || row["client"] !== client) return "unknown";
      if (row["redeemed"] !== null) return "redeemed";
      if (now() - Number(row["issued"]) > lifeMs) return "expired";
      const grant = toGrant(row);
      if (suits?.(grant) === false) return "unsuitable";
      if (grant.redirectUri !== redirectUri) return "other-redirect";
      const unproven = verifierProblem(grant.challenge, grant.challengeMethod, verifier);
      if (unproven !== undefined) return unproven;
      use.run(now(), vendor, code);
      return grant;
    },
  };
}

function toGrant(row: Record<string, unknown>): CodeGrant {
  return {
    account: Number(row["account"]),
    client: String(row["client"]),
    redirectUri: String(row["redirect_uri"]),
    scope: String(row["scope"]),
    nonce: row["nonce"] as string | null,
    challenge: row["challenge"] as string | null,
    challengeMethod: String(row["challenge_method"]),
    extra: JSON.parse(String(row["extra"])) as Record<string, string>,
  };
}

function verifierProblem(challenge: string | null, method: string, verifier: string | null): CodeProblem | undefined {
  if (challenge === null) return verifier === null ? undefined : "verifier-wrong";
  if (verifier === null) return "verifier-missing";
  const proven = method === "S256" ? createHash("sha256").update(verifier).digest("base64url") : verifier;
  return proven === challenge ? undefined : "verifier-wrong";
}
