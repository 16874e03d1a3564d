export const GOOGLE_SCHEMA = `
CREATE TABLE IF NOT EXISTS google_consents (
  account INTEGER NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (account, client)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS google_members (drive INTEGER NOT NULL, account INTEGER NOT NULL, PRIMARY KEY (drive, account)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS google_delegations (service_account INTEGER PRIMARY KEY);

CREATE TABLE IF NOT EXISTS google_shares (
  drive INTEGER NOT NULL, n INTEGER NOT NULL, account INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (account, drive, n)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS google_shares_by_drive ON google_shares (drive);

CREATE TABLE IF NOT EXISTS google_purged (drive INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (drive, n)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS google_channels (
  id TEXT PRIMARY KEY, account INTEGER NOT NULL, client TEXT NOT NULL, drive INTEGER NOT NULL, resource_id TEXT NOT NULL,
  resource_uri TEXT NOT NULL, address TEXT NOT NULL, token TEXT, expires INTEGER NOT NULL, messages INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
`;
