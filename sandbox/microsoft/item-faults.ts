import type { Item } from "../drives/store.ts";
import type { AnsweredItem, Rendering } from "./drive-item.ts";
import type { FaultName } from "./fault-table.ts";
import type { Faults } from "./fault-table.ts";
import type { DriveCall } from "./graph-context.ts";
import { guidOf } from "./ids.ts";

const EICAR = "Virus:DOS/EICAR_Test_File";
const MALWARE_FAULTS = ["malware", "malware-html", "malware-empty"] as const;

/** Changes an item's answer as the faults that strike it say. */
export function disguise(faults: Faults, call: DriveCall, item: Item, answered: AnsweredItem, rendering: Rendering): void {
  if (faults.list().length === 0) return;
  const struck = (name: FaultName): boolean => faults.strikesItem(name, call.asked, item);
  const { drive: account } = call;
  if (struck("missing-ctag")) delete answered.cTag;
  if (struck("missing-size")) delete answered.size;
  if (struck("encoded-names")) answered.name = encodeURIComponent(item.name);
  if (rendering.delta && struck("missing-download-url")) delete answered["@microsoft.graph.downloadUrl"];
  if (account.form !== "business" && answered.parentReference && struck("drive-id-flips")) {
    answered.parentReference.driveId = account.driveId.replace(/^0+/, "").toUpperCase();
  }
  if (item.folder) disguiseFolder(struck, item, answered, account.form === "business");
  else disguiseFile(struck, answered);
  if (rendering.delta && item.parent !== null && struck("malformed-item")) {
    delete answered.name;
    delete answered.parentReference;
  }
}

function disguiseFile(struck: (name: FaultName) => boolean, answered: AnsweredItem): void {
  if (answered.file && struck("missing-hash")) answered.file.hashes = {};
  if (answered.file && struck("hash-mismatch")) answered.file.hashes = { quickXorHash: Buffer.alloc(20, 7).toString("base64") };
  if (struck("size-mismatch")) answered.size = (answered.size ?? 0) + 2203;
  if (MALWARE_FAULTS.some(struck)) Object.assign(answered, { malware: { description: EICAR } });
}

function disguiseFolder(struck: (name: FaultName) => boolean, item: Item, answered: AnsweredItem, business: boolean): void {
  if (item.parent === null) return;
  if (struck("personal-vault")) {
    answered.size = 0;
    delete answered.webUrl;
    delete answered.folder;
  }
  if (struck("one-note-package")) {
    answered.package = { type: "oneNote" };
    if (!business) delete answered.folder;
  }
  if (struck("shortcut")) {
    const driveId = `b!${Buffer.from(guidOf(`remote drive of ${item.n}`))
      .toString("base64url")
      .slice(0, 64)}`;
    answered.remoteItem = {
      id: `01${"ABCDEFGH".repeat(4)}`,
      name: item.name,
      folder: { childCount: 3 },
      parentReference: { driveId, driveType: "business", id: `01${"HGFEDCBA".repeat(4)}` },
    };
    delete answered.folder;
  }
}
