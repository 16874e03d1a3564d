import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../../worker/errors.ts";
import { createJiraUser, sourceOf } from "../support/jira-user.ts";
import { arm, boundaries, disarm, workOff } from "../support/kill.ts";
import { mirrorOf } from "../support/memory-user.ts";

// What a page of Jira tells goes by what is known of its issues. A page that is done again, after a part of it was written, must
// not take that part for known.

/** The page with the changes is planned, written and committed within the first calls of a run. */
const BOUNDARIES_MAX = 5;

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => void vi.useRealTimers());
afterEach(disarm);

describe.each([
  { effect: false, when: "before" },
  { effect: true, when: "right after" },
])("killed $when a call to the outside", ({ effect }) => {
  it(
    "in a run in which issues change, and no longer meet the sync's JQL, the mirror ends equal to the source",
    { timeout: 60_000 },
    async () => {
      let fired = 0;
      for (const after of boundaries(effect, BOUNDARIES_MAX, 2)) {
        vi.useRealTimers();
        const user = await createJiraUser(
          ...["one", "two", "three"].map((summary) => ({ op: "create", project: "AB", summary })),
          { op: "attach", issue: "AB-1", name: "a.txt", bytes: "a" },
          { op: "attach", issue: "AB-2", name: "b.txt", bytes: "b" },
        );
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
        unwrap(await user.stub.updateSync(user.syncId, { options: { providerOptions: { jql: "status != Done" } } }));
        const run = async (full: boolean) => void unwrap(await user.stub.run(user.syncId, { full, trigger: "manual" }));
        await run(true);
        await workOff(user);
        const { issues } = await user.jira.state();
        await user.jira.mutate(
          { op: "detach", attachment: Number(issues[0]?.attachments[0]?.id) },
          { op: "status", issue: "AB-2", status: "Done" },
          { op: "move", issue: "AB-3", project: "CD" },
          { op: "create", project: "AB", summary: "new" },
        );
        const kill = await arm(user, { after, effect });
        await run(false).catch(() => run(false));
        await workOff(user);
        disarm();
        expect(await mirrorOf(user), `killed after ${after} calls`).toEqual(await sourceOf(user, ({ key }) => key !== "AB-2"));
        if (kill.fired()) fired += 1;
        else break;
      }
      expect(fired).toBeGreaterThan(1);
    },
  );
});
