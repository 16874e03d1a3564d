import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../clock.ts";
import type { Account, Accounts } from "../accounts.ts";
import type { Site } from "../sites.ts";
import { CONFLUENCE_SCHEMA } from "./schema.ts";

/** Ids of a site begin here; two sites have the same ones. */
const FIRST_ID = 65_536;

export type Kind = "page" | "blogpost" | "folder" | "whiteboard" | "database" | "embed" | "attachment";
export type Status = "current" | "archived" | "draft" | "trashed" | "deleted";

export type Space = {
  id: number;
  key: string;
  name: string;
  type: "global" | "personal";
  status: "current" | "archived";
  homepage: number | null;
  created: number;
};

/** Anything in a space; of an attachment, `parent` is the page that it is attached to. */
export type Content = {
  id: number;
  kind: Kind;
  space: number;
  parent: number | null;
  title: string;
  status: Status;
  version: number;
  created: number;
  modified: number;
  hidden: string;
  media: string | null;
  mediaType: string | null;
};

export type Version = { version: number; title: string; body: string | null; media: string | null; at: number };

export type NewContent = Pick<Content, "kind" | "space" | "parent" | "title"> & {
  status?: Status;
  body?: string;
  media?: string;
  mediaType?: string;
};

/** What of a content becomes another version of it. */
export type Edit = { title?: string; body?: string; media?: string; mediaType?: string };

export type Store = {
  spaces: (site: Site) => Space[];
  space: (site: Site, id: number) => Space | undefined;
  addSpace: (site: Site, space: Pick<Space, "key" | "name" | "type" | "status">) => Space;
  removeSpace: (site: Site, id: number) => void;
  setHomepage: (site: Site, space: number, page: number) => void;
  /** All there is, trashed or not, by id. */
  contents: (site: Site) => Content[];
  content: (site: Site, id: number) => Content | undefined;
  /** Directly below a page or a folder, attachments too. */
  children: (site: Site, parent: number) => Content[];
  add: (site: Site, content: NewContent) => Content;
  edit: (site: Site, content: Content, edit: Edit) => void;
  /** Changes that make no version: where it lies, whether it is there, who is kept out. */
  place: (site: Site, id: number, change: Partial<Pick<Content, "parent" | "space" | "status" | "hidden">>) => void;
  purge: (site: Site, id: number) => void;
  version: (site: Site, id: number, version: number) => Version | undefined;
  /** Whether a person sees it: not where a restriction of it, or of what is above it, keeps them out. */
  isVisible: (site: Site, content: Content, account: Account) => boolean;
};

export function createStore(db: DatabaseSync, accounts: Accounts, now: Clock): Store {
  db.exec(CONFLUENCE_SCHEMA);
  const columns = "id, kind, space, parent, title, status, version, created, modified, hidden, media, media_type AS mediaType";
  const selectSpaces = db.prepare(
    "SELECT id, key, name, type, status, homepage, created FROM confluence_spaces WHERE site = ? ORDER BY id",
  );
  const insertSpace = db.prepare("INSERT INTO confluence_spaces VALUES (?, ?, ?, ?, ?, ?, NULL, ?)");
  const deleteSpace = db.prepare("DELETE FROM confluence_spaces WHERE site = ? AND id = ?");
  const updateHomepage = db.prepare("UPDATE confluence_spaces SET homepage = ? WHERE site = ? AND id = ?");
  const selectAll = db.prepare(`SELECT ${columns} FROM confluence_content WHERE site = ? ORDER BY id`);
  const selectOne = db.prepare(`SELECT ${columns} FROM confluence_content WHERE site = ? AND id = ?`);
  const selectChildren = db.prepare(`SELECT ${columns} FROM confluence_content WHERE site = ? AND parent = ? ORDER BY id`);
  const insert = db.prepare("INSERT INTO confluence_content VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ',', ?, ?)");
  const update = db.prepare(
    "UPDATE confluence_content SET title = ?, version = ?, modified = ?, media = ?, media_type = ? WHERE site = ? AND id = ?",
  );
  const move = db.prepare("UPDATE confluence_content SET parent = ?, space = ?, status = ?, hidden = ? WHERE site = ? AND id = ?");
  const remove = db.prepare("DELETE FROM confluence_content WHERE site = ? AND id = ?");
  const insertVersion = db.prepare("INSERT INTO confluence_versions VALUES (?, ?, ?, ?, ?, ?, ?)");
  const selectVersion = db.prepare(
    "SELECT version, title, body, media, at FROM confluence_versions WHERE site = ? AND id = ? AND version = ?",
  );
  const nextId = ({ owner }: Site): number => FIRST_ID + accounts.takeNumbers(owner, 1);

  const store: Store = {
    spaces: ({ owner }) => selectSpaces.all(owner.no) as Space[],
    space: (site, id) => store.spaces(site).find((space) => space.id === id),
    addSpace: (site, { key, name, type, status }) => {
      const id = nextId(site);
      insertSpace.run(site.owner.no, id, key, name, type, status, now());
      return { id, key, name, type, status, homepage: null, created: now() };
    },
    removeSpace: ({ owner }, id) => void deleteSpace.run(owner.no, id),
    setHomepage: ({ owner }, space, page) => void updateHomepage.run(page, owner.no, space),
    contents: ({ owner }) => selectAll.all(owner.no) as Content[],
    content: ({ owner }, id) => selectOne.get(owner.no, id) as Content | undefined,
    children: ({ owner }, parent) => selectChildren.all(owner.no, parent) as Content[],
    add: (site, { kind, space, parent, title, status = "current", body = "", media = null, mediaType = null }) => {
      const id = nextId(site);
      insert.run(site.owner.no, id, kind, space, parent, title, status, now(), now(), media, mediaType);
      insertVersion.run(site.owner.no, id, 1, title, media === null ? body : null, media, now());
      return selectOne.get(site.owner.no, id) as Content;
    },
    edit: (site, content, { title = content.title, body, media = content.media, mediaType = content.mediaType }) => {
      const { id, version } = content;
      const before = store.version(site, id, version);
      update.run(title, version + 1, now(), media, mediaType, site.owner.no, id);
      insertVersion.run(site.owner.no, id, version + 1, title, body ?? before?.body ?? null, media, now());
    },
    place: (site, id, change) => {
      const content = store.content(site, id);
      if (content === undefined) return;
      const { parent, space, status, hidden } = { ...content, ...change };
      move.run(parent, space, status, hidden, site.owner.no, id);
    },
    purge: ({ owner }, id) => void remove.run(owner.no, id),
    version: ({ owner }, id, version) => selectVersion.get(owner.no, id, version) as Version | undefined,
    isVisible: (site, content, account) => {
      for (let at: Content | undefined = content; at !== undefined; at = at.parent === null ? undefined : store.content(site, at.parent))
        if (at.hidden.includes(`,${account.no},`)) return false;
      return store.space(site, content.space) !== undefined;
    },
  };
  return store;
}
