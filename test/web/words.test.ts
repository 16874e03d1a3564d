import { describe, expect, test } from "vitest";
import { listKey, treeKey, type TreeRow } from "../../web/src/lib/keys.ts";
import { labelsToText, textToLabels } from "../../web/src/lib/labels.ts";
import { safeReturn, signInUrl } from "../../web/src/lib/sign-in.ts";
import { reasonText, scheduleText } from "../../web/src/lib/words.ts";

describe("schedules in words", () => {
  test.each([
    [{ kind: "interval", minutes: 5 }, "every 5 minutes"],
    [{ kind: "interval", minutes: 60 }, "every hour"],
    [{ kind: "interval", minutes: 90 }, "every 90 minutes"],
    [{ kind: "interval", minutes: 360 }, "every 6 hours"],
    [{ kind: "interval", minutes: 1440 }, "every day"],
    [{ kind: "interval", minutes: 10_080 }, "every 7 days"],
    [{ kind: "cron", cron: "0 3 * * *", timeZone: "Europe/Berlin" }, "at 0 3 * * * (Europe/Berlin)"],
    [{ kind: "manual" }, "on no schedule"],
  ] as const)("%o", (schedule, text) => expect(scheduleText(schedule)).toBe(text));
});

test("a reason that is not known here is shown as it came", () => {
  expect(reasonText("too_large")).toMatch(/larger than/i);
  expect(reasonText("toString")).toBe("toString");
  expect(reasonText(null)).toBe("No reason was given.");
});

test.each(["lost", "damaged", "quota", "unplaced", "malformed", "loop", "many_removals", "excluded"])(
  "the reason %s is a sentence",
  (reason) => {
    expect(reasonText(reason)).toMatch(/^[A-Z].+ .+\.$/);
  },
);

test.each(["lost", "damaged"])("of what was found %s, and the source no longer has, nothing is promised", (reason) => {
  expect(reasonText(reason)).toContain("the source no longer has it");
});

describe("labels as text", () => {
  test("go there and back", () => {
    const labels = { team: "finance", url: "https://a.example/b", empty: "" };
    expect(textToLabels(labelsToText(labels))).toEqual({ labels });
  });
  test("a line without a name, and a name twice, are said", () => {
    expect(textToLabels(": x")).toEqual({ problem: "“: x” has no name before the colon." });
    expect(textToLabels("a: 1\n\na: 2")).toEqual({ problem: "“a” is there twice." });
  });
});

describe("after signing in one is led back into the app, and nowhere else", () => {
  test.each([
    ["/app/syncs/1?x=2", "/app/syncs/1?x=2"],
    [null, "/app"],
    ["/", "/app"],
    ["/application", "/app"],
    ["//evil.example/app", "/app"],
    ["/\\evil.example/app", "/app"],
    ["https://evil.example/app", "/app"],
    ["/app/../auth/logout", "/app"],
  ])("%s", (asked, path) => expect(safeReturn(asked)).toBe(path));

  test("the address of the sign-in carries it escaped", () => {
    expect(signInUrl("/app/syncs/1?a=b&c=d")).toBe("/auth/microsoft/login?return_to=%2Fapp%2Fsyncs%2F1%3Fa%3Db%26c%3Dd");
  });
});

describe("keys in a list of 100 rows, 10 on the screen, at row 5", () => {
  const press = (key: string, more = {}) => listKey({ key, altKey: false, ctrlKey: false, metaKey: false, ...more }, 5, 100, 10);
  test.each([
    ["ArrowDown", { action: "move", to: 6 }],
    ["PageUp", { action: "move", to: 0 }],
    ["PageDown", { action: "move", to: 15 }],
    ["End", { action: "move", to: 99 }],
    ["Enter", { action: "open" }],
    [" ", { action: "details" }],
    ["Backspace", { action: "up" }],
    ["Escape", { action: "close" }],
    ["x", null],
  ])("%s", (key, meaning) => expect(press(key)).toEqual(meaning));

  test("the browser keeps its own combinations", () => {
    expect(press("ArrowDown", { ctrlKey: true })).toBeNull();
    expect(press("ArrowLeft", { altKey: true })).toBeNull();
    expect(press("ArrowUp", { altKey: true })).toEqual({ action: "up" });
  });
});

describe("keys in a tree", () => {
  const ROWS: TreeRow[] = [
    { level: 1, open: true, label: "OneDrive" },
    { level: 2, open: false, label: "Clients" },
    { level: 2, open: true, label: "Deep" },
    { level: 3, open: null, label: "draft.txt" },
    { level: 2, open: true, label: "Empty" },
  ];
  const press = (key: string, active: number, more = {}) =>
    treeKey({ key, altKey: false, ctrlKey: false, metaKey: false, ...more }, ROWS, active);

  test.each([
    ["ArrowDown", 1, { action: "move", to: 2 }],
    ["ArrowDown", 4, null],
    ["ArrowUp", 0, null],
    ["Home", 3, { action: "move", to: 0 }],
    ["End", 0, { action: "move", to: 4 }],
    ["ArrowRight", 1, { action: "open" }],
    ["ArrowRight", 2, { action: "move", to: 3 }],
    ["ArrowRight", 3, null],
    ["ArrowRight", 4, null],
    ["ArrowLeft", 2, { action: "close" }],
    ["ArrowLeft", 3, { action: "move", to: 2 }],
    ["ArrowLeft", 1, { action: "move", to: 0 }],
    [" ", 1, { action: "tick" }],
    ["Enter", 1, { action: "tick" }],
    ["d", 0, { action: "move", to: 2 }],
    ["d", 2, { action: "move", to: 3 }],
    ["d", 3, { action: "move", to: 2 }],
    ["x", 0, null],
    ["Tab", 0, null],
  ] as const)("%s at row %i", (key, active, meaning) => expect(press(key, active)).toEqual(meaning));

  test("the browser keeps its own combinations", () => expect(press("d", 0, { ctrlKey: true })).toBeNull());
});
