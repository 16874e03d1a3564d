import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take longest, the longest first: begun last, they would be waited for alone. */
const LONG = {
  "test/e2e": "mirror browser faults pages kill cli storm drive files dav every-provider rebuild newcomer sources account notify",
  "test/durable-objects": "control crash large-crash mass-change holding-crash rules-crash",
};
const ORDER = Object.entries(LONG).flatMap(([folder, names]) => names.split(" ").map((name) => `${folder}/${name}.test.ts`));

/** Vitest's own order begins with the largest files, which says little of how long they take. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const index = ORDER.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? ORDER.length : index;
    };
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}
