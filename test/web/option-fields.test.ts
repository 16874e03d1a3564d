import { describe, expect, test } from "vitest";
import { z } from "zod";
import { changedOptions, optionFields, startValues } from "../../web/src/lib/option-fields.ts";

function fieldsOf(options: z.ZodType) {
  return optionFields(z.toJSONSchema(options) as Record<string, unknown>);
}

describe("a provider's options as fields", () => {
  test("a switch, a choice and a text, with what the schema says of them", () => {
    const options = z.object({
      sharedWithMe: z.boolean().default(true).meta({ title: "Shared files", description: "What others share." }),
      format: z.enum(["open_document", "pdf"]).default("pdf"),
      prefix: z.string().max(20).optional(),
    });
    expect(fieldsOf(options)).toEqual([
      { kind: "switch", name: "sharedWithMe", label: "Shared files", help: "What others share.", needed: false, start: true },
      {
        kind: "choice",
        name: "format",
        label: "Format",
        help: undefined,
        needed: false,
        start: "pdf",
        choices: [
          { value: "open_document", label: "Open document" },
          { value: "pdf", label: "Pdf" },
        ],
      },
      { kind: "text", name: "prefix", label: "Prefix", help: undefined, needed: false, start: "", charactersMax: 20 },
    ]);
  });

  test("choices may have names of their own", () => {
    const options = z.object({ mails: z.union([z.literal("all").meta({ title: "Every mail" }), z.literal("new")]) });
    expect(fieldsOf(options)).toMatchObject([
      {
        kind: "choice",
        choices: [
          { value: "all", label: "Every mail" },
          { value: "new", label: "New" },
        ],
      },
    ]);
  });

  test("what cannot be shown so is left to its default", () => {
    const options = z.object({ list: z.array(z.string()).default([]), deep: z.object({ on: z.boolean() }).optional(), on: z.boolean() });
    expect(fieldsOf(options).map(({ name }) => name)).toEqual(["on"]);
    expect(optionFields(null)).toEqual([]);
    expect(optionFields({ type: "string" })).toEqual([]);
  });

  test("only what differs from what holds anyway is sent", () => {
    const fields = fieldsOf(z.object({ keepDrafts: z.boolean().default(false), name: z.string().default("x"), kind: z.enum(["a", "b"]) }));
    expect(startValues(fields)).toEqual({ keepDrafts: false, name: "x", kind: "a" });
    expect(changedOptions(fields, { keepDrafts: true, name: " x ", kind: "b" })).toEqual({ keepDrafts: true, kind: "b" });
    expect(changedOptions(fields, startValues(fields))).toEqual({ kind: "a" });
  });

  test("a choice that may be left open can be left open", () => {
    const fields = fieldsOf(z.object({ kind: z.enum(["a", "b"]).optional() }));
    expect(fields).toMatchObject([{ start: "", choices: [{ value: "" }, { value: "a" }, { value: "b" }] }]);
    expect(changedOptions(fields, startValues(fields))).toEqual({});
  });
});
