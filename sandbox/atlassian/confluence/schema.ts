/** `site`: its owner's number. `hidden`: the numbers of those whom a restriction keeps out, with commas around each. */
export const CONFLUENCE_SCHEMA = `
CREATE TABLE IF NOT EXISTS confluence_spaces (
  site INTEGER NOT NULL, id INTEGER NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL,
  homepage INTEGER, created INTEGER NOT NULL, PRIMARY KEY (site, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS confluence_content (
  site INTEGER NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, space INTEGER NOT NULL, parent INTEGER, title TEXT NOT NULL,
  status TEXT NOT NULL, version INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL, hidden TEXT NOT NULL DEFAULT ',',
  media TEXT, media_type TEXT, PRIMARY KEY (site, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS confluence_content_by_parent ON confluence_content (site, parent);
CREATE TABLE IF NOT EXISTS confluence_versions (
  site INTEGER NOT NULL, id INTEGER NOT NULL, version INTEGER NOT NULL, title TEXT NOT NULL, body TEXT, media TEXT, at INTEGER NOT NULL,
  PRIMARY KEY (site, id, version)
) WITHOUT ROWID;
`;
