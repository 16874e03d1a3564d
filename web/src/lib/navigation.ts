// The pages that are always one step away. Pure.
import { m } from "./messages.ts";
import type { IconName } from "./ui/icons.ts";
import type { Item } from "./wire.ts";

export interface Place {
  href: string;
  label: string;
  icon: IconName;
  /** The key that leads there, after G. */
  key: string;
}

const PLACES: readonly Place[] = [
  { href: "/app", label: m.shell.overview, icon: "home", key: "o" },
  { href: "/app/files", label: m.shell.files, icon: "folder", key: "f" },
  { href: "/app/activity", label: m.shell.activity, icon: "activity", key: "a" },
  { href: "/app/settings", label: m.shell.settings, icon: "settings", key: "s" },
];
const ADMIN: Place = { href: "/app/admin", label: m.shell.admin, icon: "shield", key: "d" };

export function places(admin: boolean): readonly Place[] {
  return admin ? [...PLACES, ADMIN] : PLACES;
}

/** The place that a page belongs to: what is below none of the others is of the overview. */
export function placeOf(path: string): string {
  if (/^\/app\/syncs\/[^/]+\/files/.test(path)) return "/app/files";
  if (path.startsWith("/app/account")) return "/app/settings";
  const below = [...PLACES, ADMIN].find(({ href }) => href !== "/app" && (path === href || path.startsWith(`${href}/`)));
  return below?.href ?? "/app";
}

/** Whether a key is meant for what is typed into, and not for the page. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Where a file is among its neighbours, what is in a folder, or the trash that a removed one lies in. */
export function filesUrl({ id, syncId, kind, parentId, state }: Pick<Item, "id" | "syncId" | "kind" | "parentId" | "state">): string {
  const parent = kind === "folder" ? id : parentId;
  const query = new URLSearchParams(state === "removed" ? { view: "trash" } : parent === null ? {} : { parent });
  return `/app/syncs/${syncId}/files${query.size > 0 ? `?${query}` : ""}`;
}
