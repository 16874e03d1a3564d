import { expect, test } from "vitest";
import { businessIds, guidOf, migratedIds, personalIds } from "../../sandbox/microsoft/ids.ts";

const FORMS = {
  business: businessIds("alice@contoso.example"),
  personal: personalIds("0f1e2d3c4b5a6978"),
  migrated: migratedIds("0f1e2d3c4b5a6978"),
};

test.each(Object.entries(FORMS))("ids of the %s form lead back to their item, and no two are the same", (_form, ids) => {
  const all = Array.from({ length: 500 }, (_, i) => ids.id(i + 1));
  expect(new Set(all).size).toBe(500);
  expect(all.map(ids.parse)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
});

test("ids have the vendor's forms", () => {
  expect(FORMS.business.id(5)).toMatch(/^01[A-Z2-7]{32}$/);
  expect(FORMS.business.id(1)).toMatch(/6Y2GOVW7725BZO354PWSELRRZ$/);
  expect(FORMS.personal.id(2)).toBe("0F1E2D3C4B5A6978!102");
  expect(FORMS.migrated.id(2)).toMatch(/^0F1E2D3C4B5A6978!s[0-9a-f]{32}$/);
});

test("an id of another drive, or none at all, leads nowhere", () => {
  expect(FORMS.business.parse(businessIds("bo@contoso.example").id(5))).toBeUndefined();
  expect(FORMS.personal.parse("FFFFFFFFFFFFFFFF!102")).toBeUndefined();
  for (const ids of Object.values(FORMS)) expect(ids.parse("no id")).toBeUndefined();
});

test("a GUID made of a text is always the same, and of version 4", () => {
  expect(guidOf("x")).toBe(guidOf("x"));
  expect(guidOf("x")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
