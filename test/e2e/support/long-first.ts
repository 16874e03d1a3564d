import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes, most of them of waiting: begun last, they would be waited for alone. */
const LONG = ["faults", "mirror", "kill", "drive", "browser", "pages", "storm"].map((name) => `test/e2e/${name}.test.ts`);

/** Vitest's own order begins with the largest files, which says little of how long they take. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}
