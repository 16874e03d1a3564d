import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";
import type { Content } from "../drives/content.ts";
import { serveContent } from "../drives/serve.ts";
import type { Asked } from "../fault-kinds.ts";
import type { Faults } from "../faults.ts";
import { seal, unseal } from "../oauth/sealed.ts";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { gatewayRefusal } from "./answers.ts";
import { MEDIA_HOST } from "./hosts.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS atlassian_media (id TEXT PRIMARY KEY, bytes BLOB, seed INTEGER, size INTEGER NOT NULL) WITHOUT ROWID;
`;
const ADDRESS_MS = 10 * 60_000;
const PATH = /^\/file\/([0-9a-f-]{36})\/binary$/;

/** A file as a product hands it out. */
export type MediaFile = { id: string; name: string; mediaType: string };

export type Media = {
  /** Keeps a content, and answers its id. */
  put: (content: Exclude<Content, { kind: "disk" }>) => string;
  size: (id: string) => number;
  content: (id: string) => Content;
  /** Where a file's bytes are for some minutes, whoever asks; `account` is on whose behalf. */
  address: (request: VendorRequest, file: MediaFile, account: Account) => string;
  /** The number of the account on whose behalf an address was made. */
  accountOf: (request: VendorRequest) => number | undefined;
  serve: (request: VendorRequest, asked: Asked) => Promise<Response>;
};

/** The store behind all products' attachments. Its addresses are signed, and whoever sends a token along is refused. */
export function createMedia(db: DatabaseSync, now: Clock, secret: Buffer, faults: Faults): Media {
  db.exec(SCHEMA);
  const insert = db.prepare("INSERT INTO atlassian_media (id, bytes, seed, size) VALUES (?, ?, ?, ?)");
  const select = db.prepare("SELECT bytes, seed, size FROM atlassian_media WHERE id = ?");
  const opened = (request: VendorRequest) => unseal(secret, "media", request.query.get("token") ?? "");
  const contentOf = (row: Record<string, unknown>): Content => {
    const size = Number(row["size"]);
    const bytes = row["bytes"] as Uint8Array | null;
    return bytes === null ? { kind: "computed", seed: Number(row["seed"]), size } : { kind: "literal", bytes, size };
  };
  return {
    put: (content) => {
      const id = randomUUID();
      insert.run(id, content.kind === "literal" ? content.bytes : null, content.kind === "computed" ? content.seed : null, content.size);
      return id;
    },
    size: (id) => Number(select.get(id)?.["size"] ?? 0),
    content: (id) => contentOf(select.get(id) ?? { size: 0, bytes: new Uint8Array() }),
    address: (request, file, account) => {
      const token = seal(secret, "media", { ...file, account: account.no, until: now() + ADDRESS_MS });
      const query = new URLSearchParams({ token, client: "sandbox", name: file.name });
      return `${request.site(MEDIA_HOST)}/file/${file.id}/binary?${query}`;
    },
    accountOf: (request) => {
      const account = opened(request)?.["account"];
      return typeof account === "number" ? account : undefined;
    },
    serve: async (request, asked) => {
      const token = opened(request);
      if (request.headers.has("authorization")) throw gatewayRefusal(400, "Only one auth mechanism allowed");
      if (token === undefined || Number(token["until"]) < now()) throw gatewayRefusal(401, "The token is not valid any more");
      const id = PATH.exec(request.path)?.[1];
      const row = id === undefined || id !== token["id"] ? undefined : select.get(id);
      if (row === undefined) throw gatewayRefusal(404, "Not Found");
      const headers = {
        "Content-Type": String(token["mediaType"]),
        "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(String(token["name"]))}`,
        "Cache-Control": "private, max-age=3600",
      };
      const served = await serveContent(faults, asked, contentOf(row), request, headers);
      if (served === undefined) throw gatewayRefusal(404, "Not Found");
      return served;
    },
  };
}
