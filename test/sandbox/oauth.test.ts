import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { openDatabase } from "../../sandbox/database.ts";
import { createCodes, type CodeGrant } from "../../sandbox/oauth/codes.ts";
import { createRotation } from "../../sandbox/oauth/rotation.ts";

function clock() {
  let time = 1_000_000;
  return { now: () => time, pass: (ms: number) => (time += ms) };
}

const nextOf = (used: { next: string } | string): string => (typeof used === "string" ? used : used.next);

test("a refresh token works once and gives the next; one that was used before ends its grant, and no other", () => {
  const { now, pass } = clock();
  const db = openDatabase(undefined);
  const rotation = createRotation(db, now, { vendor: "one", graceMs: 0 });
  const [first, other] = [rotation.begin(), rotation.begin()];
  const second = nextOf(rotation.use(first));
  pass(1);
  const third = nextOf(rotation.use(second));
  expect(rotation.use(first)).toBe("reused");
  expect([rotation.use(third), rotation.use(second)]).toEqual(["ended", "ended"]);
  expect(rotation.use(other)).toHaveProperty("next");
  expect(createRotation(db, now, { vendor: "two", graceMs: 0 }).use(other)).toBe("ended");
});

test("within the grace a used refresh token gives another next one, and both work", () => {
  const { now, pass } = clock();
  const rotation = createRotation(openDatabase(undefined), now, { vendor: "one", graceMs: 600_000 });
  const first = rotation.begin();
  const lost = nextOf(rotation.use(first));
  pass(599_999);
  const again = nextOf(rotation.use(first));
  expect(again).not.toBe(lost);
  expect([rotation.use(lost), rotation.use(again)]).toEqual([{ next: expect.any(String) }, { next: expect.any(String) }]);
  pass(1);
  expect(rotation.use(first)).toBe("reused");
});

test("a code works once, in time, for its client, redirect URI and verifier, at its own vendor", () => {
  const { now, pass } = clock();
  const db = openDatabase(undefined);
  const codes = createCodes(db, now, { vendor: "one", lifeMs: 1000 });
  const challenge = createHash("sha256").update("verifier").digest("base64url");
  const grant: CodeGrant = {
    account: 7,
    client: "c",
    redirectUri: "https://tidemark.example/back",
    scope: "read",
    nonce: null,
    challenge,
    challengeMethod: "S256",
    extra: { site: "s" },
  };
  const asked = { client: "c", redirectUri: grant.redirectUri, verifier: "verifier" };
  codes.issue("code", grant);
  expect(codes.accountOf("code")).toBe(7);
  expect([
    codes.redeem("other", asked),
    codes.redeem("code", { ...asked, client: "d" }),
    codes.redeem("code", { ...asked, redirectUri: null }),
    codes.redeem("code", { ...asked, verifier: null }),
    codes.redeem("code", { ...asked, verifier: "wrong" }),
    codes.redeem("code", { ...asked, suits: ({ extra }) => extra["site"] !== "s" }),
    createCodes(db, now, { vendor: "two", lifeMs: 1000 }).redeem("code", asked),
  ]).toEqual(["unknown", "unknown", "other-redirect", "verifier-missing", "verifier-wrong", "unsuitable", "unknown"]);
  expect(codes.redeem("code", asked)).toEqual(grant);
  expect(codes.redeem("code", asked)).toBe("redeemed");
  codes.issue("late", grant);
  pass(1001);
  expect(codes.redeem("late", asked)).toBe("expired");
});
