import type { DatabaseSync } from "node:sqlite";

const SCHEMA = `
CREATE TABLE IF NOT EXISTS consents (
  account INTEGER NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (account, client)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS subscriptions (
  id TEXT PRIMARY KEY, account INTEGER NOT NULL, client TEXT NOT NULL, resource TEXT NOT NULL, change_type TEXT NOT NULL,
  notification_url TEXT NOT NULL, lifecycle_url TEXT, client_state TEXT, expires INTEGER NOT NULL, authorised_until INTEGER NOT NULL,
  challenged INTEGER NOT NULL DEFAULT 0, drive INTEGER
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS admin_consents (client TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (client, scope)) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS sites (
  name TEXT PRIMARY KEY, address TEXT NOT NULL, title TEXT NOT NULL, parent TEXT, host TEXT NOT NULL, state TEXT NOT NULL, members TEXT,
  created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS followed_sites (account INTEGER NOT NULL, site TEXT NOT NULL, PRIMARY KEY (account, site)) WITHOUT ROWID;
`;

export function prepareTables(db: DatabaseSync): void {
  db.exec(SCHEMA);
  // A state that is older than libraries: whoever subscribed did so to their own drive.
  const columns = db.prepare("SELECT name FROM pragma_table_info('subscriptions')").all();
  if (!columns.some(({ name }) => name === "drive")) db.exec("ALTER TABLE subscriptions ADD COLUMN drive INTEGER");
}
