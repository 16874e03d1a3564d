/** `dropbox_places`: where the journal last saw each item. `dropbox_journal`: what changed at which path, in order; `covered`: a folder above it was deleted. */
export const DROPBOX_SCHEMA = `
CREATE TABLE IF NOT EXISTS dropbox_heads (drive INTEGER PRIMARY KEY, seq INTEGER NOT NULL, j INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dropbox_places (
  drive INTEGER NOT NULL, n INTEGER NOT NULL, display TEXT NOT NULL, content INTEGER NOT NULL, PRIMARY KEY (drive, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropbox_journal (
  drive INTEGER NOT NULL, j INTEGER NOT NULL, display TEXT NOT NULL, n INTEGER, covered INTEGER NOT NULL, PRIMARY KEY (drive, j)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropbox_hashes (
  drive INTEGER NOT NULL, n INTEGER NOT NULL, content INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (drive, n)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropbox_mounts (account INTEGER NOT NULL, path TEXT NOT NULL, owner INTEGER NOT NULL, PRIMARY KEY (account, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropbox_links (account INTEGER NOT NULL, family TEXT NOT NULL, generation INTEGER NOT NULL, PRIMARY KEY (account, family)) WITHOUT ROWID;
`;
