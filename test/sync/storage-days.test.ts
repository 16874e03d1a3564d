import { expect, test } from "vitest";
import { dateOf, dayOf, seriesOf } from "../../worker/sync/storage-days.ts";

const row = (syncId: string, day: number, bytes: number) => ({ syncId, day, files: bytes / 10, bytes, versionBytes: 1 });
const bytes = (rows: Parameters<typeof seriesOf>[0], from: number, to: number) =>
  seriesOf(rows, from, to).map(({ day, bytes }) => [day, bytes]);

test("a day on which nothing changed is as the day before it, of each sync by itself", () => {
  const rows = [row("a", 3, 10), row("b", 5, 100), row("a", 6, 30)];
  expect(bytes(rows, 4, 7)).toEqual([[4, 10], [5, 110], [6, 130], [7, 130]]); // prettier-ignore
  expect(seriesOf(rows, 5, 5)).toEqual([{ day: 5, files: 11, bytes: 110, versionBytes: 2 }]);
});

test("the series begins with the first day that anything is known of", () => {
  expect(bytes([row("a", 5, 10)], 1, 6)).toEqual([[5, 10], [6, 10]]); // prettier-ignore
  expect(bytes([], 1, 6)).toEqual([]);
});

test("a day is one of UTC", () => {
  expect(dateOf(dayOf(Date.parse("2026-02-28T23:59:59.999Z")))).toBe("2026-02-28");
  expect(dateOf(dayOf(Date.parse("2026-03-01T00:00:00Z")))).toBe("2026-03-01");
});
