import { transaction } from "../database.ts";
import type { Account } from "../accounts.ts";
import type { DriveTools } from "./drive.ts";
import { makeFolders, nextSeq } from "./mutate.ts";
import { splitPath } from "./names.ts";
import { combine } from "./random.ts";

const DAY_MS = 86_400_000;
const AGE_DAYS_MAX = 900;

/** Puts into an empty drive what its account begins with. */
export function fillWithStarter(tools: DriveTools, account: Account): void {
  const files = tools.accounts.kindOf(account.name)?.starter?.(account.name) ?? [];
  transaction(tools.db, () => {
    const now = tools.now();
    for (const [i, file] of files.entries()) {
      const segments = splitPath(file.path);
      const name = segments.pop() ?? "";
      const parent = makeFolders(tools, account, segments);
      const n = tools.accounts.takeNumbers(account, 1);
      const time = now - (combine(1, i) % AGE_DAYS_MAX) * DAY_MS;
      const place = { n, parent: parent.n, name, folder: false, size: file.bytes.length };
      tools.drives.insert(
        account.no,
        { ...place, created: time, modified: time, source: "literal", seed: null },
        now,
        nextSeq(tools, account),
      );
      tools.drives.setLiteral(account.no, n, file.bytes);
      tools.drives.grow(account.no, parent.n, file.bytes.length, 1);
    }
  });
}
