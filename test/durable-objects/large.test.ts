import { describe, expect, it } from "vitest";
import { createMemoryUser, mirrorOf, settled, sourceOf } from "../support/memory-user.ts";
import type { MemoryUser } from "../support/memory-user.ts";
import { filled, keysOf, PART_BYTES, quickXorOf, uploadsOf } from "../support/large.ts";

const SIZE = 2 * PART_BYTES + 1_000_003;
const BYTES = filled(SIZE);

/** The ends of everything: what is at the source is here, and nothing else is, neither object nor upload. */
async function expectMirrored(user: MemoryUser, versions = 0): Promise<void> {
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  await expect.poll(() => uploadsOf(user)).toBe(0);
  expect(await keysOf(user)).toHaveLength(sourceOf(user).length + versions);
}

describe("a large file", () => {
  it("is fetched in parts, and stored whole", async () => {
    const user = await createMemoryUser((drive) => {
      drive.put("/large.bin", BYTES);
      drive.put("/small.txt", "small");
    });
    await settled(user);
    await expectMirrored(user);
    expect(user.drive.opened.filter((id) => id === user.drive.item("/large.bin").id)).toHaveLength(3);
  });

  it("is verified by its quickXorHash, put together from those of its parts", async () => {
    const user = await createMemoryUser((drive) => {
      drive.put("/large.bin", BYTES);
      drive.misreport("/large.bin", { entry: { hash: { algorithm: "quickXorHash", value: quickXorOf(BYTES) } } });
    });
    await settled(user);
    await expectMirrored(user);
    expect(user.drive.opened).toHaveLength(3);
  });
});
