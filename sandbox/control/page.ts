import { Hono } from "hono";
import { smallChange } from "./small-change.ts";
import { escapeHtml } from "../html.ts";
import { mutateDrive } from "../drives/mutate.ts";
import { ROOT_N } from "../drives/store.ts";
import type { Account } from "../accounts.ts";
import { DOWNLOAD_FAULTS, type FaultKinds } from "../fault-kinds.ts";
import type { FolderDrive } from "../drives/folder-drive.ts";
import type { ControlTools } from "./routes.ts";

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; background: light-dark(#fafbfc, #14171c); color: light-dark(#1b1f24, #e8eaed); }
  h1 { margin: 0; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; } p { margin: .25rem 0 1rem; } small, .quiet { color: light-dark(#5b6470, #9aa3ae); }
  table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid light-dark(#e2e6eb, #2b3038); vertical-align: top; }
  td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } .scroll { overflow-x: auto; }
  button { font: inherit; padding: .3rem .8rem; border-radius: 8px; border: 1px solid #2f7ad6; background: #2f7ad6; color: #fff; cursor: pointer; }
  button.plain { background: transparent; color: inherit; border-color: light-dark(#c4cad3, #454c57); } button:focus-visible, summary:focus-visible, a:focus-visible { outline: 2px solid #2f7ad6; outline-offset: 2px; }
  code { font-size: .9em; } .on { color: light-dark(#b3261e, #ff8a80); font-weight: 600; } form { display: inline; } a { color: light-dark(#1c5fb0, #7db3f5); }
`;

/** The sandbox's own page: what is in it, a button that changes something, and the faults. Forms only, no script. */
export function ownPage(tools: ControlTools, folderDrive: () => FolderDrive | undefined): Hono {
  const app = new Hono();
  app.get("/", (c) => c.html(page(tools, new URL(c.req.url).origin, folderDrive(), c.req.query("changed"))));
  app.post("/change", async (c) => {
    const form = await c.req.parseBody();
    const account = tools.accounts.named(String(form["account"]));
    if (account === undefined || tools.accounts.state(account).folder !== null) return c.redirect("/");
    const changed = tools.running().changeSomething(account) ?? changeDrive(tools, account);
    return c.redirect(`/?changed=${encodeURIComponent(`${account.name}: ${changed}`)}`, 303);
  });
  app.post("/fault", async (c) => {
    const form = await c.req.parseBody();
    const fault = tools.faults.schema.safeParse({ name: form["name"] });
    if (fault.success && form["on"] === "true") tools.faults.add(fault.data);
    else if (fault.success) tools.faults.remove({ name: fault.data.name });
    return c.redirect("/#faults", 303);
  });
  return app;
}

function changeDrive(tools: ControlTools, account: Account): string {
  const op = smallChange(tools, account);
  mutateDrive(tools, account, [op]);
  tools.running().driveChanged(account);
  return String(op.path);
}

function page(tools: ControlTools, origin: string, folderDrive: FolderDrive | undefined, changed: string | undefined): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Tidemark sandbox</title><style>${STYLE}</style></head><body>
<h1>Tidemark sandbox</h1>
<p class="quiet">Plays ${escapeHtml(listOf(tools.vendors.map((vendor) => vendor.title)))} on this machine: sign-in, drives, change notifications. Sandbox time: ${new Date(tools.now()).toISOString().slice(0, 19).replace("T", " ")} UTC.</p>
${changed === undefined ? "" : `<p role="status">Changed ${escapeHtml(changed)}. Whoever subscribed to the drive hears of it in a moment.</p>`}
<h2>Accounts</h2><div class="scroll"><table><thead><tr><th>Account</th><th>Kind</th><th class="number">Files</th><th class="number">Folders</th><th class="number">Size</th><th></th></tr></thead>
<tbody>${tools.accounts
    .all()
    .map((account) => accountRow(tools, origin, account))
    .join("\n")}</tbody></table></div>
${folderDrive === undefined ? "" : folderSection(folderDrive)}
<h2 id="faults">Faults</h2><p class="quiet">Each makes a vendor misbehave as the real one has been seen to. More precise ones are set by control calls.</p>
<div class="scroll"><table>${faultRows(tools, "Any vendor's downloads", DOWNLOAD_FAULTS)}
${tools.vendors.map((vendor) => faultRows(tools, vendor.title, vendor.faultKinds)).join("\n")}</table></div>
<h2>Control calls</h2><p><a href="/_sandbox/requests">What was asked</a> · <a href="/_sandbox/outbox">Notifications sent</a> · <a href="/_sandbox/faults">Faults as JSON</a></p>
</body></html>`;
}

function accountRow(tools: ControlTools, origin: string, account: Account): string {
  const { files, folders } = tools.drives.counts(account.no);
  const bytes = tools.drives.live(account.no, ROOT_N)?.size ?? 0;
  const folder = tools.accounts.state(account).folder;
  const title = tools.vendors.find((vendor) => vendor.name === account.vendor)?.title ?? "";
  const kind = `${title}, ${tools.accounts.kindOf(account.name)?.label ?? ""}`;
  const button = `<form method="post" action="/change"><input type="hidden" name="account" value="${escapeHtml(account.name)}"><button>Change something</button></form>`;
  const tree = `<a href="/_sandbox/drives/${encodeURIComponent(account.name)}/tree">${escapeHtml(account.name)}</a>`;
  const signIn = Object.entries(tools.running().signIn(account, (host) => `${origin}/${host}`))
    .map(([label, value]) => `<br><small>${escapeHtml(label)}: <code>${escapeHtml(value)}</code></small>`)
    .join("");
  return `<tr><td><strong>${escapeHtml(account.displayName)}</strong><br><small>${tree}</small>${signIn}</td><td>${escapeHtml(kind)}</td><td class="number">${files.toLocaleString("en")}</td>
    <td class="number">${folders.toLocaleString("en")}</td><td class="number">${bytesText(bytes)}</td><td>${folder === null ? button : `<small>the folder <code>${escapeHtml(folder)}</code></small>`}</td></tr>`;
}

function folderSection(drive: FolderDrive): string {
  const { listed, count } = drive.leftOut();
  if (count === 0) return `<p class="quiet">Everything in <code>${escapeHtml(drive.path)}</code> is in the drive.</p>`;
  const rows = listed.map(({ path, why }) => `<tr><td><code>${escapeHtml(path)}</code></td><td>${escapeHtml(why)}</td></tr>`).join("\n");
  return `<h2>Left out</h2><details><summary>${count.toLocaleString("en")} in <code>${escapeHtml(drive.path)}</code> could not be in a ${escapeHtml(drive.product)}</summary>
    <div class="scroll"><table><thead><tr><th>Path</th><th>Because</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function faultRows(tools: ControlTools, title: string, kinds: FaultKinds): string {
  const rows = Object.entries(kinds).map(([name, { about }]) => faultRow(tools, name, about));
  return `<tbody><tr><th colspan="3" scope="rowgroup">${escapeHtml(title)}</th></tr>${rows.join("\n")}</tbody>`;
}

function faultRow(tools: ControlTools, name: string, about: string): string {
  const active = tools.faults.list().filter((fault) => fault.name === name);
  const on = active.length > 0;
  const hits = active.reduce((total, fault) => total + fault.hits, 0);
  const state = on ? `<span class="on">on, struck ${hits} times</span>` : "";
  return `<tr><td><code>${name}</code></td><td>${escapeHtml(about)} ${state}</td><td><form method="post" action="/fault"><input type="hidden" name="name" value="${name}">
    <input type="hidden" name="on" value="${String(!on)}"><button class="plain">${on ? "Switch off" : "Switch on"}</button></form></td></tr>`;
}

const listOf = (names: readonly string[]): string => new Intl.ListFormat("en").format(names);

function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ""}`;
}
