import { createHmac, randomUUID } from "node:crypto";
import type { Delivery, Message, Notice } from "../outbox.ts";
import type { Account } from "./accounts.ts";
import type { AutodeskTools } from "./context.ts";
import { hookOf, type HookRow } from "./hook-row.ts";

type Tools = Pick<AutodeskTools, "accounts" | "drives" | "faults" | "now">;

/** What is told of one event, with the signature that the hook's token makes; without one, where there is no token. */
export function noticeOf(
  tools: Tools,
  row: HookRow | undefined,
  delivery: Delivery,
  secretOf: (row: HookRow) => string | undefined,
): Notice {
  const account = row === undefined ? undefined : tools.accounts.numbered(row.account);
  const project = row === undefined ? undefined : tools.accounts.numbered(row.drive);
  if (row === undefined || account === undefined || project === undefined) return "forget";
  if (row.expires !== null && Date.parse(row.expires) <= tools.now()) return "forget";
  const asked = { vendor: "autodesk", host: "", method: "POST", path: "", search: "", ranged: false, account: account.name };
  const forged = tools.faults.strike("autodesk-notification-forged", asked) !== undefined;
  return { account, message: () => messageOf(tools, row, project, delivery, forged ? "another token" : secretOf(row)) };
}

function messageOf(tools: Tools, row: HookRow, project: Account, { event }: Delivery, secret: string | undefined): Message {
  const [name = "", number = ""] = event.split(" ");
  const n = Number(number);
  const item = tools.drives.item(project.no, n);
  const source = project.ids.version(n, item?.revision ?? 1);
  const payload = {
    project: project.driveId.slice(2),
    lineageUrn: project.ids.id(n),
    source,
    name: item?.name,
    sizeInBytes: item?.size,
    hidden: item?.deletedBy !== null,
    modifiedTime: new Date(item?.changed ?? 0).toISOString(),
  };
  const body = JSON.stringify({ version: "1.0", resourceUrn: source, hook: { ...hookOf(tools, row), event: name }, payload });
  const signature = secret === undefined ? undefined : createHmac("sha1", secret).update(body).digest("hex");
  return {
    url: row.callback,
    headers: {
      "Content-Type": "application/json",
      "x-adsk-delivery-id": randomUUID(),
      ...(signature !== undefined && { "x-adsk-signature": `sha1hash=${signature}` }),
    },
    body,
  };
}
