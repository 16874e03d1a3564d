import { describe, expect, test } from "vitest";
import { formatBytes, formatNumberOf, formatPerSecond, textLocale } from "../../web/src/lib/format.ts";
import { formatEstimate, formatMoment, formatRelative, formatTook } from "../../web/src/lib/times.ts";

const plain = (text: string) => text.replaceAll("\u00a0", " ").replaceAll("\u202f", " ");

describe("sizes have three significant digits at most, in decimal units", () => {
  test.each([
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [1_234, "1.23 kB"],
    [999_499, "999 kB"],
    [999_600, "1 MB"],
    [24_120_400_000, "24.1 GB"],
    [3_412_000_000_000, "3.41 TB"],
    [9_999_000_000_000_000_000, "10,000 PB"],
  ])("%d", (bytes, text) => expect(plain(formatBytes(bytes, "en-GB"))).toBe(text));
});

test("a count goes with the right form of its word", () => {
  expect(formatNumberOf(1, "file", undefined, "en")).toBe("1 file");
  expect(formatNumberOf(0, "file", undefined, "en")).toBe("0 files");
  expect(formatNumberOf(12_345, "entry", "entries", "en")).toBe("12,345 entries");
});

test("a rate has a decimal only while it is small", () => {
  expect(formatPerSecond(0.04, "en")).toBe("0");
  expect(formatPerSecond(4.26, "en")).toBe("4.3");
  expect(formatPerSecond(38.6, "en")).toBe("39");
});

describe("an estimate is rounded up and never more exact than it is", () => {
  test.each([
    [0, "a few seconds"],
    [9.9, "a few seconds"],
    [10, "10 seconds"],
    [31, "40 seconds"],
    [60, "1 minute"],
    [61, "2 minutes"],
    [3_541, "1 hour"],
    [3_600, "1 hour"],
    [7_260, "2 hours 1 min"],
    [86_340, "23 hours 59 min"],
    [86_400, "1 day"],
    [200_000, "2 days 8 h"],
  ])("%d s", (seconds, text) => expect(formatEstimate(seconds)).toBe(text));
});

describe("how long something took", () => {
  test.each([
    [0, "0.1 s"],
    [430, "0.4 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [60_000, "1 min"],
    [200_000, "3 min 20 s"],
    [3_600_000, "1 h"],
    [7_500_000, "2 h 5 min"],
  ])("%d ms", (milliseconds, text) => expect(formatTook(milliseconds)).toBe(text));
});

describe("how long ago, or how soon", () => {
  const now = new Date("2026-11-20T14:32:00Z");
  test.each([
    ["2026-11-20T14:31:55Z", "just now"],
    ["2026-11-20T14:32:05Z", "now"],
    ["2026-11-20T14:31:30Z", "30 seconds ago"],
    ["2026-11-20T14:29:00Z", "3 minutes ago"],
    ["2026-11-20T16:32:00Z", "in 2 hours"],
    ["2026-11-19T14:32:00Z", "yesterday"],
    ["2026-11-02T14:32:00Z", "3 weeks ago"],
    ["2024-11-20T14:32:00Z", "2 years ago"],
  ])("%s", (at, text) => expect(formatRelative(new Date(at), now, "en-GB")).toBe(text));
});

describe("a moment names its day only where it is not today, in the reader's zone", () => {
  const now = new Date("2026-11-20T14:32:00Z");
  test.each([
    ["2026-11-20T13:05:00Z", "UTC", "13:05"],
    ["2026-11-19T23:30:00Z", "UTC", "yesterday at 23:30"],
    ["2026-11-19T23:30:00Z", "Europe/Berlin", "00:30"],
    ["2026-11-21T08:00:00Z", "UTC", "tomorrow at 08:00"],
    ["2026-11-03T08:00:00Z", "UTC", "3 Nov at 08:00"],
    ["2024-11-03T08:00:00Z", "UTC", "3 Nov 2024 at 08:00"],
  ])("%s in %s", (at, zone, text) => expect(formatMoment(new Date(at), now, "en-GB", zone)).toBe(text));
});

test("a reader of another language gets English dates, one of an English form gets that form", () => {
  expect(textLocale(["de-DE", "fr"])).toBe("en-GB");
  expect(textLocale(["de-DE", "en-US"])).toBe("en-US");
  expect(textLocale([])).toBe("en-GB");
});
