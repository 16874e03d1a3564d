import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../clock.ts";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS oauth_rotation (
  id TEXT PRIMARY KEY, vendor TEXT NOT NULL, family TEXT NOT NULL, used INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS oauth_rotation_by_family ON oauth_rotation (family);
`;

export type Rotation = {
  /** The id of a new grant's first refresh token. */
  begin: () => string;
  /**
   * Uses up a refresh token: the id of the next one. `reused`: it was used before, longer ago than the grace allows, and its grant ends
   * with that. `ended`: its grant has ended so, or it never was one.
   */
  use: (id: string) => { next: string } | "reused" | "ended";
};

/** Refresh tokens that work once, and give the next one. `graceMs`: for how long a used one still does, as when an answer was lost. */
export function createRotation(db: DatabaseSync, now: Clock, { vendor, graceMs }: { vendor: string; graceMs: number }): Rotation {
  db.exec(SCHEMA);
  const insert = db.prepare("INSERT INTO oauth_rotation (id, vendor, family) VALUES (?, ?, ?)");
  const select = db.prepare("SELECT family, used FROM oauth_rotation WHERE id = ? AND vendor = ?");
  const use = db.prepare("UPDATE oauth_rotation SET used = ? WHERE id = ? AND used IS NULL");
  const end = db.prepare("DELETE FROM oauth_rotation WHERE family = ?");
  const add = (family: string): string => {
    const id = randomUUID();
    insert.run(id, vendor, family);
    return id;
  };
  return {
    begin: () => add(randomUUID()),
    use: (id) => {
      const row = select.get(id, vendor);
      if (row === undefined) return "ended";
      const family = String(row["family"]);
      if (row["used"] !== null && now() - Number(row["used"]) >= graceMs) {
        end.run(family);
        return "reused";
      }
      use.run(now(), id);
      return { next: add(family) };
    },
  };
}
