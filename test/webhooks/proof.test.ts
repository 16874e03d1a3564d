import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { randomId } from "../../worker/ids.ts";
import { createProof, PROOF_CHARACTERS_MAX, verifyProof } from "../../worker/webhooks/proof.ts";

const OLD = "old:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const NEW = "new:HxwdHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwI";
const subject = { userId: randomId(), connectionId: randomId() };

describe("the proof in a subscription", () => {
  it("names, when it comes back, whom it is about", async () => {
    expect(await verifyProof(env, await createProof(env, subject))).toEqual(subject);
  });

  it("fits into what providers give back, with the longest key id", async () => {
    const key = `${"k".repeat(32)}:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8`;
    expect((await createProof({ MASTER_KEYS: key }, subject)).length).toBeLessThanOrEqual(PROOF_CHARACTERS_MAX);
  });

  it("is good for no other user or connection", async () => {
    const [, connectionId, key, mac] = (await createProof(env, subject)).split(".");
    expect(await verifyProof(env, [randomId(), connectionId, key, mac].join("."))).toBeNull();
    expect(await verifyProof(env, [subject.userId, randomId(), key, mac].join("."))).toBeNull();
  });

  it("stays good after the master key was replaced, until the old one is taken away", async () => {
    const proof = await createProof({ MASTER_KEYS: OLD }, subject);
    expect(await verifyProof({ MASTER_KEYS: `${NEW},${OLD}` }, proof)).toEqual(subject);
    expect(await verifyProof({ MASTER_KEYS: NEW }, proof)).toBeNull();
  });

  it.each(["", "a.b.c", "x".repeat(500), `${subject.userId}.${subject.connectionId}.test.${"A".repeat(43)}`, `a.b.test.${"-".repeat(43)}`])(
    "is not %j",
    async (text) => {
      expect(await verifyProof(env, text)).toBeNull();
    },
  );
});
