import { pdf } from "../../drives/formats/documents.ts";
import { siteOf, type Site } from "../sites.ts";
import type { ConfluenceTools } from "./context.ts";
import { mutate, type Mutation } from "./control.ts";

const CODE = `<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">js</ac:parameter><ac:plain-text-body><![CDATA[const tide = height > mean ? "flood" : "ebb";]]></ac:plain-text-body></ac:structured-macro>`;
const NOTE = `<ac:structured-macro ac:name="info"><ac:rich-text-body><p>Low water is <strong>not</strong> the time to leave.</p></ac:rich-text-body></ac:structured-macro>`;
const TASKS = `<ac:task-list><ac:task><ac:task-id>1</ac:task-id><ac:task-status>complete</ac:task-status><ac:task-body>Fenders</ac:task-body></ac:task><ac:task><ac:task-id>2</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Paint below the waterline</ac:task-body></ac:task></ac:task-list>`;
const TABLE = `<table><tbody><tr><th>Berth</th><th>Depth</th></tr><tr><td>A&nbsp;1</td><td>3.2&nbsp;m</td></tr><tr><td>B&nbsp;7</td><td>2.1&nbsp;m</td></tr></tbody></table>`;
const PLAN = `<p>See <ac:link><ri:page ri:content-title="Berths" /><ac:plain-text-link-body><![CDATA[the berths]]></ac:plain-text-link-body></ac:link>.</p><p><ac:image ac:alt="The harbour"><ri:attachment ri:filename="harbour.svg" /></ac:image></p>`;
const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><path d="M0 20q15-12 30 0t30 0 30 0 30 0" fill="none" stroke="#2f7ad6" stroke-width="3"/></svg>\n`;

/** What a site of the first accounts begins with: a space of pages of many kinds, one of plans, and a personal one. */
export function fill(tools: ConfluenceTools, site: Site): void {
  const add = (op: Mutation): string => mutate(tools, site, op);
  const space = add({ op: "space", key: "HARBOUR", name: "Harbour handbook" });
  const home = add({ op: "add", space, title: "Harbour handbook", body: `<h1>Welcome</h1><p>How we run the harbour.</p>${NOTE}` });
  tools.store.setHomepage(site, Number(space), Number(home));
  const berths = add({ op: "add", space, parent: home, title: "Berths", body: `<h2>Depths</h2>${TABLE}` });
  add({ op: "attach", page: berths, title: "Berths 2026.csv", bytes: "berth;depth\nA 1;3.2\nB 7;2.1\n" });
  const plan = add({ op: "add", space, parent: home, title: "Plan of the harbour", body: PLAN });
  add({ op: "attach", page: plan, title: "harbour.svg", bytes: SVG });
  add({ op: "add", space, parent: berths, title: "Who pays what?", body: '<p>Fees are due on <time datetime="2026-04-01" />.</p>' });
  add({ op: "add", space, parent: home, title: "Checklist / before the storm", body: `<h2>Tasks</h2>${TASKS}` });
  add({ op: "add", space, parent: home, title: "潮汐", body: `<p>満潮と干潮。</p>${CODE}` });
  const folder = add({ op: "add", kind: "folder", space, parent: home, title: "Minutes" });
  const minutes = add({
    op: "add",
    space,
    parent: folder,
    title: "Minutes of October",
    body: "<ul><li><p>Dredging</p></li><li><p>Lights</p></li></ul>",
  });
  tools.store.edit(site, tools.store.content(site, Number(minutes)) ?? fail(), { body: "<ul><li><p>Dredging: done</p></li><li><p>Lights</p></li></ul>" }); // prettier-ignore
  const old = add({ op: "add", space, parent: home, title: "Fees of 2019", body: "<p>No longer in force.</p>" });
  add({ op: "archive", id: old });
  add({ op: "add", kind: "blogpost", space, title: "A new crane", body: "<p>It lifts twelve tonnes.</p>" });

  const projects = add({ op: "space", key: "PROJ", name: "Projects" });
  const crane = add({ op: "add", space: projects, title: "Crane", body: "<p>Offers are attached.</p>" });
  const media = tools.media.put(literal(pdf(["Crane, twelve tonnes,", "delivered in May."])));
  tools.store.add(site, { kind: "attachment", space: Number(projects), parent: Number(crane), title: "Offer.pdf", media, mediaType: "application/pdf" }); // prettier-ignore
  add({ op: "space", key: `~${site.owner.no}`, name: site.owner.displayName, type: "personal" });
}

/** A new page that says when it was made. A site without a space gets one. */
export function changeSomething(tools: ConfluenceTools, site: Site): string {
  const now = new Date(tools.now()).toISOString();
  const space = tools.store.spaces(site)[0]?.id ?? Number(mutate(tools, site, { op: "space", key: "NEW", name: "New space" }));
  const title = `Note ${tools.accounts.takeNumbers(siteOf(site.owner).owner, 1)} of ${now.slice(0, 10)}`;
  mutate(tools, site, { op: "add", space: String(space), title, body: `<p>Made by the button on the sandbox's page at ${now}.</p>` });
  return `the page “${title}”`;
}

function literal(bytes: Uint8Array): { kind: "literal"; bytes: Uint8Array; size: number } {
  return { kind: "literal", bytes, size: bytes.length };
}

function fail(): never {
  throw new Error("What was just made is there.");
}
