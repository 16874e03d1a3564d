import { describe, expect, test } from "vitest";
import { errorOfField, fieldErrors, filledIn } from "../../web/src/lib/form-values.ts";
import type { Provider } from "../../worker/wire.ts";

type Field = Provider["methods"][number]["fields"][number];

function field(name: string, kind: Field["kind"], required = true): Field {
  return { name, kind, required, label: `The ${name}`, help: "Where to find it." };
}

const FIELDS = [field("host", "host"), field("port", "port", false), field("password", "secret")];

test("what is sent is without empty fields and pasted blanks; a secret is sent as it is", () => {
  const typed: Record<string, string> = { host: " mail.example ", port: "", password: " a b " };
  expect(filledIn(FIELDS, (name) => typed[name] ?? "")).toEqual({ host: "mail.example", password: " a b " });
});

describe("what is wrong with a field", () => {
  test("is that it is needed and not there, blanks do not count", () => {
    expect(fieldErrors(FIELDS, { password: "  " })).toEqual({ host: "The host is needed.", password: "The password is needed." });
    expect(fieldErrors(FIELDS, { host: "mail.example", password: "x" })).toEqual({});
  });

  test.each([
    ["port", "993", null],
    ["port", "0", /from 1 to 65535/],
    ["port", "70000", /from 1 to 65535/],
    ["port", "imap", /from 1 to 65535/],
    ["email", "alice@contoso.example", null],
    ["email", "alice", /not an address/],
    ["host", "mail.example:993", null],
    ["host", "https://mail.example/", /Only the name/],
    ["json", '{"type":"service_account"}', null],
    ["json", '{"type":', /not the whole/],
    ["json", "[]", /not the whole/],
    ["url", "cloud.example", null],
    ["secret", "x".repeat(20_001), /too long/],
  ] as const)("%s: %s", (kind, value, problem) => {
    const { it } = fieldErrors([field("it", kind)], { it: value });
    if (problem === null) expect(it).toBeUndefined();
    else expect(it).toMatch(problem);
  });
});

test("an answer of the API that is about one field belongs beside it", () => {
  expect(errorOfField("fields.host: The host is not public", FIELDS)).toEqual({ host: "The host is not public" });
  expect(errorOfField("fields.other: unknown", FIELDS)).toBeNull();
  expect(errorOfField("The server refused: fields.host: no", FIELDS)).toBeNull();
});
