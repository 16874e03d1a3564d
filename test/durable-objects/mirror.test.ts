import { expect, it } from "vitest";
import { createMemoryUser, mirrorOf, settled, sourceOf } from "../support/memory-user.ts";

it("mirrors a drive, exact to the byte", async () => {
  const user = await createMemoryUser((drive) => {
    for (let n = 0; n < 120; n += 1) drive.put(`/folder ${n % 7}/file ${n}.txt`, `content of ${n}`);
    drive.put("/empty.txt", "");
  });
  await settled(user);
  expect(await mirrorOf(user)).toEqual(sourceOf(user));
  expect(sourceOf(user)).toHaveLength(121);
});
