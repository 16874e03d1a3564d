import type { Account } from "./accounts.ts";

/**
 * How far a client has read a drive. `rest`: everything up to `seq` of the change log. `changes`: in the middle of a round of changes.
 * `items`: in the middle of an enumeration that began at `seq` and has listed the items up to number `afterN`.
 */
export type DeltaState = { at: "rest" | "changes" | "items"; seq: number; afterN: number; emptied: boolean };

const TICKS_AT_1970 = 621_355_968_000_000_000n;
const MARKS = { rest: "", changes: "c", items: "i" } as const;

/** An opaque token, in the form of the account's kind. It is worthless once the drive's epoch has ended. */
export function writeDeltaToken(account: Account, epoch: string, state: DeltaState, now: number): string {
  const ticks = BigInt(now) * 10_000n + TICKS_AT_1970;
  const mark = `${MARKS[state.at]}${state.at === "items" ? state.afterN : ""}${state.emptied ? "e" : ""}`;
  if (account.form === "business") return base64(`3;%234;%231;3;${epoch};${ticks};${state.seq};%23${mark};%23;%230`);
  return `aTE09${Buffer.from(`${ticks};ID=${account.cid.toUpperCase()}!101;LR=${ticks};EP=${epoch};SQ=${state.seq};SO=2;PI=${mark}`).toString("base64url")}`;
}

/** What a token says; undefined where it is not one of this drive's present epoch. */
export function readDeltaToken(account: Account, epoch: string, token: string): DeltaState | undefined {
  const business = account.form === "business";
  const text = business ? Buffer.from(token, "base64").toString() : Buffer.from(token.replace(/^aTE09/, ""), "base64url").toString();
  const pattern = business
    ? /^3;%234;%231;3;(?<epoch>[^;]+);\d+;(?<seq>\d+);%23(?<mark>[^;]*);%23;%230$/
    : /^\d+;ID=[^;]+;LR=\d+;EP=(?<epoch>[^;]+);SQ=(?<seq>\d+);SO=2;PI=(?<mark>.*)$/;
  const fields = pattern.exec(text)?.groups;
  const mark = /^(?<at>[ci]?)(?<afterN>\d*)(?<emptied>e?)$/.exec(fields?.["mark"] ?? "-")?.groups;
  if (fields === undefined || mark === undefined || fields["epoch"] !== epoch) return undefined;
  const at = mark["at"] === "i" ? "items" : mark["at"] === "c" ? "changes" : "rest";
  return { at, seq: Number(fields["seq"]), afterN: Number(mark["afterN"]), emptied: mark["emptied"] === "e" };
}

const base64 = (text: string): string => Buffer.from(text).toString("base64").replace(/=+$/, "");
