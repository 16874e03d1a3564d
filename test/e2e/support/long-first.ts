import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes, the longest first: begun last, they would be waited for alone. */
const LONG = [
  ...["mirror", "browser", "faults", "pages", "kill", "cli", "storm", "drive", "files", "dav", "every-provider", "rebuild"],
  ...["newcomer", "sources", "account", "notify"],
].map((name) => `test/e2e/${name}.test.ts`);
const LONG_IN_WORKERD = ["control", "crash", "large-crash", "mass-change", "holding-crash", "rules-crash"].map(
  (name) => `test/durable-objects/${name}.test.ts`,
);

/** Vitest's own order begins with the largest files, which says little of how long they take. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const first = [...LONG, ...LONG_IN_WORKERD];
    const place = ({ moduleId }: TestSpecification) => {
      const index = first.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? first.length : index;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}
