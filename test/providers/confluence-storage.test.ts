import { describe, expect, it } from "vitest";
import { nameOf } from "../../worker/providers/confluence/names.ts";
import { writePage } from "../../worker/providers/confluence/storage/write.ts";

const page = (body: string) => ({ title: "Title", body, base: "https://x.atlassian.net/wiki", spaceKey: "KEY" });
const markdown = (body: string) => writePage(page(body), "markdown").replace(/^# Title\n\n?/, "");
const html = (body: string) => /<h1>Title<\/h1>(.*)\n<\/body>/s.exec(writePage(page(body), "html"))?.[1];

describe("a page as Markdown", () => {
  it.each<[string, string, string]>([
    [
      "headings and marks",
      "<h2>A&nbsp;b</h2><p>so <strong>bold</strong> &amp; <em>kursiv</em> &ndash; 文件</p>",
      "## A\u00a0b\n\nso **bold** & _kursiv_ – 文件\n",
    ],
    ["lists in lists", "<ul><li><p>one</p><ul><li><p>two</p></li></ul></li><li>three</li></ul>", "- one\n\n  - two\n\n- three\n"],
    [
      "a table",
      "<table><tbody><tr><th>a</th><th>b</th></tr><tr><td>1 | 2</td><td><p>3</p></td></tr></tbody></table>",
      "| a      | b |\n| ------ | - |\n| 1 \\| 2 | 3 |\n",
    ],
    [
      "code",
      '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">js</ac:parameter><ac:plain-text-body><![CDATA[if (a < b && c) {}\n\n"]]></ac:plain-text-body></ac:structured-macro>',
      '```js\nif (a < b && c) {}\n\n"\n```\n',
    ],
    [
      "a panel",
      '<ac:structured-macro ac:name="warning"><ac:rich-text-body><p>Careful.</p></ac:rich-text-body></ac:structured-macro>',
      "> **Warning**\n>\n> Careful.\n",
    ],
    [
      "a panel with a title",
      '<ac:structured-macro ac:name="panel"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>x</p></ac:rich-text-body></ac:structured-macro>',
      "> **T**\n>\n> x\n",
    ],
    [
      "tasks",
      "<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>done</ac:task-body></ac:task><ac:task><ac:task-status>incomplete</ac:task-status><ac:task-body><span>open</span></ac:task-body></ac:task></ac:task-list>",
      "- [x] done\n- [ ] open\n",
    ],
    [
      "a link to a page",
      '<p><ac:link><ri:page ri:content-title="Other page" /><ac:plain-text-link-body><![CDATA[there]]></ac:plain-text-link-body></ac:link> and <ac:link><ri:page ri:space-key="OPS" ri:content-title="B" /></ac:link></p>',
      "[there](https://x.atlassian.net/wiki/display/KEY/Other+page) and [B](https://x.atlassian.net/wiki/display/OPS/B)\n",
    ],
    ["a link to an attachment", '<p><ac:link><ri:attachment ri:filename="a b.pdf" /></ac:link></p>', "[a b.pdf](a%20b.pdf)\n"],
    ["an image", '<ac:image ac:alt="Plan"><ri:attachment ri:filename="plan.png" /></ac:image>', "![Plan](plan.png)\n"],
    ["an image from elsewhere", '<ac:image><ri:url ri:value="https://e.example/i.png" /></ac:image>', "![](https://e.example/i.png)\n"],
    [
      "a mention, a date and an emoticon",
      '<p><ac:link><ri:user ri:account-id="712020:x" /></ac:link> <time datetime="2026-04-01" /> <ac:emoticon ac:name="smile" ac:emoji-fallback="🙂" /></p>',
      "@712020:x 2026-04-01 🙂\n",
    ],
    [
      "a layout",
      "<ac:layout><ac:layout-section><ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell><p>b</p></ac:layout-cell></ac:layout-section></ac:layout>",
      "a\n\nb\n",
    ],
    [
      "an unknown macro",
      '<ac:structured-macro ac:name="roadmap"><ac:parameter ac:name="x">y</ac:parameter></ac:structured-macro><ac:structured-macro ac:name="box"><ac:rich-text-body><p>in</p></ac:rich-text-body></ac:structured-macro>',
      "_\\[roadmap]_\n\n_\\[box]_\n\nin\n",
    ],
    [
      "an included page",
      '<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Part" /></ac:link></ac:parameter></ac:structured-macro>',
      "[Part](https://x.atlassian.net/wiki/display/KEY/Part)\n",
    ],
    [
      "a file that is shown",
      '<ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="a.docx" /></ac:parameter></ac:structured-macro>',
      "[a.docx](a.docx)\n",
    ],
    ["what says no more than an empty page", "", ""],
    ["what is not well-formed", "<p>a <b>b<p>c", "a **bc**\n"],
  ])("has %s", (_, storage, expected) => {
    expect(markdown(storage)).toBe(expected);
  });

  it("is cut by no depth", () => {
    const depth = 5_000;
    expect(markdown(`${"<div>".repeat(depth)}deep${"</div>".repeat(depth)}`)).toBe("deep\n");
  });
});

describe("a page as HTML", () => {
  it("has what it says, and nothing that could run", () => {
    const text = html('<p onclick="x()">a<script>alert(1)</script><a href="javascript:x()">b</a><a href="/wiki/x">c</a></p>');
    expect(text).toBe('<p>a<a>b</a><a href="https://x.atlassian.net/wiki/x">c</a></p>');
  });

  it("escapes its title", () => {
    expect(writePage({ ...page(""), title: "a < b & c" }, "html")).toContain("<title>a &#x3C; b &#x26; c</title>");
  });
});

it("the same page is the same bytes each time", () => {
  const body = "<h1>a</h1><table><tbody><tr><td>1</td></tr></tbody></table><ul><li>b</li></ul>";
  for (const format of ["markdown", "html"] as const) expect(writePage(page(body), format)).toBe(writePage(page(body), format));
});

it.each<[string, string]>([
  ["Plain title", "Plain title"],
  ["a/b\\c\u0000d", "a_b_c_d"],
  ["..", "__"],
  ["   ", "otherwise"],
  ["文".repeat(255), "文".repeat(240)],
  [`${"a".repeat(239)}🌊`, `${"a".repeat(239)}\ufffd`],
])("the title %j is a name", (title, name) => {
  expect(nameOf(title, "otherwise")).toBe(name);
});
