import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import {
  ASSUMED,
  changesMonth,
  dollarsOfKeeping,
  dollarsOfUse,
  firstSyncs,
  kept,
  limits,
  providerCeilings,
  quietMonth,
  total,
} from "../../bench/scaling/model.ts";

/** Round numbers, to be checked by hand. */
const SMALL = {
  ...ASSUMED,
  users: 10,
  items: 10_000,
  folderShare: 0.1,
  meanBytes: 1_000_000,
  versionShare: 0.5,
  intervalMinutes: 60,
  dailyChangeShare: 0.01,
  notificationsPerUserDay: 3,
  onboardingDays: 1,
  tenantUsers: 100,
  catalogues: 1,
  consumers: 50,
};

const limitOf = (name: string, more = {}) => {
  const found = limits({ ...SMALL, ...more }).find((limit) => limit.name === name);
  if (!found) throw new Error(`There is no limit of ${name}.`);
  return found;
};

describe("ten users with a thousand items each", () => {
  test("keep nine thousand files, and as many bytes as those and their versions have", () => {
    expect(kept(SMALL)).toEqual({ files: 9_000, folders: 1_000, catalogueBytes: 9_320_000, objectBytes: 1_020_000, contentBytes: 13.5e9 });
    expect(dollarsOfKeeping(SMALL)["content in R2"]).toBeCloseTo(13.5 * 0.015);
    expect(dollarsOfKeeping(SMALL)["catalogue in D1"]).toBeCloseTo(0.00932 * 0.75);
  });

  test("write three rows a file and two a folder at first, and one object into R2", () => {
    const use = firstSyncs(SMALL);
    expect(use).toMatchObject({ rows: 9_000 * 3 + 1_000 * 2, classA: 9_000 });
    expect(use.providerRequests).toBeCloseTo(9_000 * 0.993 + 1_000 * 0.00206);
    expect(use.messages).toBeCloseTo((9_000 * 0.0481) / 3);
    const dollars = dollarsOfUse(use);
    expect(dollars["R2 writes"]).toBeCloseTo(9_000 * 4.5e-6);
    expect(dollars["D1 rows"]).toBeCloseTo(29_000e-6 + 9_000 * 61.9e-9);
    expect(total(dollars) / 9_000).toBeGreaterThan(7.5e-6);
    expect(total(dollars) / 9_000).toBeLessThan(9e-6);
  });

  test("run once an hour and twice for each notification, whether or not there is anything", () => {
    const { runs, providerRequests, rows, messages, objectRows } = quietMonth(SMALL);
    expect(runs).toBe(10 * (24 + 2 * 3) * 30);
    expect(providerRequests).toBe(runs);
    expect(rows).toBe(0);
    expect(messages).toBe(10 * (24 + 3) * 30);
    expect(objectRows % runs).toBe(0);
  });

  test("change a hundred items a day", () => {
    const { changes, rows, classA } = changesMonth(SMALL);
    expect([changes, rows, classA]).toEqual([3_000, 3_000 * 3.26, 3_000 * 0.6]);
  });

  test("are held up by the source alone", () => {
    const { user, tenant } = providerCeilings(SMALL);
    // 900 files: 893.7 requests, at 3,000 in five minutes; and 0.9 GB, at 100 GB an hour.
    expect(user.hoursByRequests * 60).toBeCloseTo((900 * 0.993) / 600);
    expect(user.hoursByBytes).toBeCloseTo(0.009);
    expect(tenant).toMatchObject({ unitsPerMinute: 1_250, unitsPerDay: 1.2e6 });
    expect(tenant.daysByMinutes).toBeCloseTo(89_370 / 1_250 / 60 / 24);
    expect(tenant.daysByUnits).toBeCloseTo(89_370 / 1.2e6);
    expect(tenant.quietShare).toBeCloseTo(100 / 60 / 1_250);
    expect(providerCeilings({ ...SMALL, tenantUsers: 60_000 }).tenant.unitsPerMinute).toBe(6_250);
  });
});

describe("a limit", () => {
  test("breaks where its use, grown so many times, reaches it", () => {
    const size = limitOf("a catalogue's size");
    expect(size.use).toBeCloseTo(0.00932);
    expect(size.share * size.breaksAt).toBeCloseTo(1);
    expect(size.breaksAt).toBeCloseTo(10 / 0.00932);
    expect(limitOf("a catalogue's size", { catalogues: 4 }).breaksAt).toBeCloseTo(4 * size.breaksAt);
    expect(limitOf("downloads at once", { consumers: 250 }).breaksAt).toBeCloseTo(5 * limitOf("downloads at once").breaksAt);
  });

  test("of the downloads is reached by what comes in a second, each file taking its time", () => {
    // 9,000 files in a day, and 60 that change; 0.25 s each, five at once.
    expect(limitOf("downloads at once").use).toBeCloseTo((9_060 / 86_400) * 0.25 / 5); // prettier-ignore
  });

  test("comes in the order in which it breaks", () => {
    const order = limits(SMALL).map(({ breaksAt }) => breaksAt);
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(limits(ASSUMED)[0]?.name, "as it ships, with a million users").toBe("a catalogue's size");
  });
});

test("the script prints it for whatever is assumed", () => {
  const print = (...options: string[]) => execFileSync(process.execPath, ["bench/scaling.ts", ...options], { encoding: "utf8" });
  expect(print("--users", "10", "--items", "1e4", "--tenant-users", "7")).toMatch(
    /\| users \| 10 \|[^]*\| tenantUsers \| 7 \|[^]*a month, for a user/,
  );
  expect(() => print("--users", "many")).toThrow(/--users is a number/);
});
