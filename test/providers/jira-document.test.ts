import { describe, expect, it } from "vitest";
import { documentOf } from "../../worker/providers/jira/document.ts";
import type { Comment, Issue } from "../../worker/providers/jira/api.ts";

const doc = (...content: object[]) => ({ type: "doc", version: 1, content });
const text = (value: string, ...marks: object[]) => ({ type: "text", text: value, marks });
const p = (...content: object[]) => ({ type: "paragraph", content });
const STRONG = { type: "strong" };

/** What a description becomes. */
function markdown(...content: object[]): string {
  const whole = documentOf({ key: "A-1", fields: { summary: "x", description: doc(...content) } }, []);
  return whole.slice(whole.indexOf("## Description\n\n") + "## Description\n\n".length).trimEnd();
}

const ISSUE: Issue = {
  id: "10001",
  key: "HAR-1",
  names: { customfield_10030: "Acceptance", customfield_10016: "Points", customfield_10019: "Rank", customfield_10031: "Quay" },
  fields: {
    summary: "Crane *2* groans",
    issuetype: { name: "Bug" },
    status: { name: "In Progress" },
    assignee: { displayName: "Mia" },
    labels: ["crane", "noise"],
    created: "2026-03-01T10:00:00.000+0100",
    updated: "2026-03-02T10:00:00.000+0100",
    description: doc(p(text("It groans."))),
    customfield_10016: 5,
    customfield_10019: "0|i00007:",
    customfield_10030: doc(p(text("No sound."))),
    customfield_10031: { value: "North", child: { value: "Berth 2" } },
    customfield_10099: { some: "app's own" },
    issuelinks: [
      { type: { inward: "is blocked by", outward: "blocks" }, outwardIssue: { key: "HAR-9" } },
      { type: { inward: "is blocked by", outward: "blocks" }, inwardIssue: { key: "HAR-2" } },
    ],
    attachment: [
      { id: "10002", filename: "a.png", size: 2, created: "2026-03-01T10:00:00.000+0100", author: { displayName: "Leo" } },
      { id: 10001, filename: "a.png", size: 1 },
    ],
  },
};
const COMMENTS: Comment[] = [
  {
    id: "10",
    author: { displayName: "Leo" },
    created: "2026-03-02T10:00:00.000+0100",
    updated: "2026-03-02T11:00:00.000+0100",
    body: doc(p(text("Later."))),
  },
  {
    id: "9",
    author: { displayName: "Mia" },
    created: "2026-03-01T10:00:00.000+0100",
    updated: "2026-03-01T10:00:00.000+0100",
    body: doc(p(text("First."))),
    visibility: { value: "Crew" },
  },
];

describe("an issue as Markdown", () => {
  it("has its fields, its texts, its links, its attachments and its comments, the oldest first", () => {
    expect(documentOf(ISSUE, COMMENTS)).toBe(`# HAR-1 Crane \\*2\\* groans

- **Type:** Bug
- **Status:** In Progress
- **Assignee:** Mia
- **Labels:** crane, noise
- **Created:** 2026-03-01T09:00:00.000Z
- **Updated:** 2026-03-02T09:00:00.000Z
- **Points:** 5
- **Quay:** North / Berth 2

## Description

It groans.

## Acceptance

No sound.

## Links

- blocks HAR-9
- is blocked by HAR-2

## Attachments

- [a.png](a.png) (1 bytes)
- [a (10002).png](a%20\\(10002\\).png) (2 bytes, Leo, 2026-03-01T09:00:00.000Z)

## Comments

### Mia, 2026-03-01T09:00:00.000Z (only for Crew)

First.

### Leo, 2026-03-02T09:00:00.000Z (edited 2026-03-02T10:00:00.000Z)

Later.
`);
  });

  it("is the same bytes for the same state, in whatever order and time zone it is told", () => {
    const { fields = {} } = ISSUE;
    const told: Issue = {
      ...ISSUE,
      fields: {
        ...Object.fromEntries(Object.entries(fields ?? {}).toReversed()),
        created: "2026-03-01T04:00:00.000-0500",
        updated: "2026-03-02T09:00:00.000+0000",
        issuelinks: fields?.issuelinks?.toReversed() ?? [],
        attachment: fields?.attachment?.toReversed() ?? [],
      },
    };
    expect(documentOf(told, COMMENTS.toReversed())).toBe(documentOf(ISSUE, COMMENTS));
  });
});

describe("the Atlassian Document Format", () => {
  it("keeps marks, also where they meet, overlap, and have space at their edges", () => {
    const link = { type: "link", attrs: { href: "https://harbour.example/a b" } };
    // Marks within a word are only understood where what is about them is written as character references.
    expect(markdown(p(text("a "), text("b", STRONG), text("c", STRONG, { type: "em" }), text(" d ", { type: "em" })))).toBe(
      "a **&#x62;_&#x63;_** *d*",
    );
    expect(markdown(p(text("a"), text("b", STRONG), text("c")))).toBe("a**b**c");
    expect(markdown(p(text("to "), text("the page ", link), text("now", STRONG, link)))).toBe(
      "to [the page](<https://harbour.example/a b>) [**now**](<https://harbour.example/a b>)",
    );
    expect(markdown(p(text("x"), text("2", { type: "subsup", attrs: { type: "sup" } }), text(" y", { type: "underline" })))).toBe(
      "x<sup>2</sup> y",
    );
    expect(markdown(p(text("npm `i`", { type: "code" }), text("gone", { type: "strike" })))).toBe("`` npm `i` ``~~gone~~");
  });

  it("escapes what would be Markdown", () => {
    expect(markdown(p(text("# not a heading")))).toBe("\\# not a heading");
    expect(markdown(p(text("1. no *list* [x] <b>")))).toBe("1\\. no \\*list\\* \\[x] \\<b>");
  });

  it("knows headings, lists, tasks, quotes, panels, code and rules", () => {
    const li = (...content: object[]) => ({ type: "listItem", content });
    expect(
      markdown(
        { type: "heading", attrs: { level: 1 }, content: [text("What")] },
        { type: "bulletList", content: [li(p(text("a")), { type: "orderedList", attrs: { order: 3 }, content: [li(p(text("b")))] })] },
        {
          type: "taskList",
          content: [
            { type: "taskItem", attrs: { state: "DONE" }, content: [text("c")] },
            { type: "taskList", content: [{ type: "taskItem", attrs: { state: "TODO" }, content: [text("d")] }] },
          ],
        },
        { type: "panel", attrs: { panelType: "warning" }, content: [p(text("e"))] },
        { type: "expand", attrs: { title: "More" }, content: [p(text("f"))] },
        { type: "codeBlock", attrs: { language: "sh" }, content: [text("slew\n```")] },
        { type: "rule" },
      ),
    ).toBe(
      ["### What\n\n- a\n\n  3. b\n\n* [x] c\n  - [ ] d", "> **Warning**\n>\n> e\n\n**More**\n\nf\n\n````sh\nslew\n```\n````\n\n---"].join(
        "\n\n",
      ),
    );
  });

  it("puts what is in a cell into one line", () => {
    const cell = (type: string, ...content: object[]) => ({ type, attrs: {}, content });
    const row = (...content: object[]) => ({ type: "tableRow", content });
    const table = (...content: object[]) => ({ type: "table", content });
    expect(
      markdown(
        table(
          row(cell("tableHeader", p(text("Load"))), cell("tableHeader", p(text("a|b")))),
          row(
            cell("tableCell", p(text("2 t")), p(text("or 3"))),
            cell("tableCell", { type: "bulletList", content: [{ type: "listItem", content: [p(text("none"))] }] }),
          ),
        ),
      ),
    ).toBe("| Load        | a\\|b |\n| ----------- | ---- |\n| 2 t<br>or 3 | none |");
  });

  it("shows attachments, people, dates, and cards", () => {
    const whole = documentOf(
      {
        key: "A-1",
        fields: {
          attachment: [{ id: "1", filename: "the crane.png", size: 1 }],
          description: doc(
            { type: "mediaSingle", content: [{ type: "media", attrs: { type: "file", id: "x", alt: "the crane.png" } }] },
            { type: "mediaSingle", content: [{ type: "media", attrs: { type: "file", id: "x", alt: "elsewhere.png" } }] },
            p(
              { type: "mention", attrs: { id: "1", text: "@Mia" } },
              text(" by "),
              { type: "date", attrs: { timestamp: "1767225600000" } },
              text(" "),
              { type: "status", attrs: { text: "LATE", color: "red" } },
              { type: "emoji", attrs: { shortName: ":tide:" } },
              { type: "hardBreak" },
              { type: "inlineCard", attrs: { url: "https://harbour.example" } },
            ),
          ),
        },
      },
      [],
    );
    expect(whole).toContain(
      "![the crane.png](the%20crane.png)\n\nelsewhere.png\n\n@Mia by 2026-01-01 **LATE**:tide:\\\n<https://harbour.example>",
    );
  });

  it("leaves out nothing that somebody wrote, whatever it is in, and however deep", () => {
    let deep: object = text("at the bottom");
    for (let i = 0; i < 3_000; i++) deep = { type: "panel", content: [deep] };
    expect(markdown({ type: "newThing", content: [p(text("known")), { type: "other", content: [text("inner")] }] })).toBe("known\n\ninner");
    expect(markdown(deep)).toContain("at the bottom");
    for (const odd of [null, 7, "text", [], { type: "doc" }, { type: "doc", content: [null, 7, {}] }])
      expect(() => documentOf({ key: "A-1", fields: { description: odd } }, [{ body: odd }])).not.toThrow();
  });
});
