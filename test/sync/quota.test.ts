import { describe, expect, it } from "vitest";
import { quotaOf, Room } from "../../worker/sync/quota.ts";

const NONE = { quotaBytes: null, quotaItems: null, quotaSyncs: null };
const NO_SETTINGS = { QUOTA_BYTES: "0", QUOTA_ITEMS: "0", QUOTA_SYNCS: "" };

describe("a user's limits", () => {
  it("go before the operator's, and are none where they are 0", () => {
    expect(quotaOf(NONE, NO_SETTINGS)).toEqual({ bytes: Infinity, items: Infinity, syncs: Infinity });
    const settings = { QUOTA_BYTES: "100", QUOTA_ITEMS: "5", QUOTA_SYNCS: "2" };
    expect(quotaOf(NONE, settings)).toEqual({ bytes: 100, items: 5, syncs: 2 });
    expect(quotaOf({ quotaBytes: 7, quotaItems: 0, quotaSyncs: 9 }, settings)).toEqual({ bytes: 7, items: Infinity, syncs: 9 });
  });
});

describe("room", () => {
  it("is given out until there is too little, and what is refused takes none", () => {
    const room = new Room(10);
    expect([room.take(6), room.take(5), room.take(4), room.take(0), room.take(1)]).toEqual([true, false, true, true, false]);
    expect(new Room(Infinity).take(Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  it("that is overdrawn has no place for anything", () => {
    expect(new Room(-1).take(0)).toBe(false);
  });
});
