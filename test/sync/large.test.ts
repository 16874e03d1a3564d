import fc from "fast-check";
import { expect, test } from "vitest";
import { STORABLE_BYTES_MAX } from "../../worker/sync/item.ts";
import { largeLimits, partsOf, PUT_BYTES_MAX } from "../../worker/sync/large.ts";

const MIB = 1024 ** 2;

test("the parts of a file are equal but the last, follow one another, cover it, and are never more than a thousand", () => {
  const limits = largeLimits({});
  fc.assert(
    fc.property(fc.integer({ min: 1, max: STORABLE_BYTES_MAX }), (size) => {
      const parts = partsOf(size, limits);
      expect(parts.length).toBeLessThanOrEqual(1_000);
      parts.forEach((part, index) => {
        expect(part.partNumber).toBe(index + 1);
        expect(part.offset).toBe(index * (parts[0]?.length ?? 0));
        if (index < parts.length - 1) expect(part.length).toBe(parts[0]?.length);
        expect(part.length).toBeGreaterThan(0);
      });
      expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(size);
    }),
    { numRuns: 200 },
  );
});

test("a file just above what one put takes has parts of 64 MiB, the largest one somewhat less than a thousand larger ones", () => {
  const limits = largeLimits({});
  expect(partsOf(PUT_BYTES_MAX + 1, limits)).toMatchObject({ length: 80, 0: { length: 64 * MIB } });
  expect(partsOf(STORABLE_BYTES_MAX, limits).length).toBeGreaterThan(500);
});

test("settings are kept within what R2 takes", () => {
  expect(largeLimits({})).toEqual({ largeBytes: 256 * MIB, partBytes: 64 * MIB });
  expect(largeLimits({ LARGE_FILE_BYTES: "1", PART_BYTES: "1" })).toEqual({ largeBytes: 5 * MIB, partBytes: 5 * MIB });
  expect(largeLimits({ LARGE_FILE_BYTES: "1e13", PART_BYTES: "1e13" })).toEqual({ largeBytes: PUT_BYTES_MAX, partBytes: PUT_BYTES_MAX });
});
