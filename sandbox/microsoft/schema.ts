export const MICROSOFT_SCHEMA = `
CREATE TABLE IF NOT EXISTS consents (
  account INTEGER NOT NULL, client TEXT NOT NULL, scope TEXT NOT NULL, PRIMARY KEY (account, client)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS subscriptions (
  id TEXT PRIMARY KEY, account INTEGER NOT NULL, client TEXT NOT NULL, resource TEXT NOT NULL, change_type TEXT NOT NULL,
  notification_url TEXT NOT NULL, lifecycle_url TEXT, client_state TEXT, expires INTEGER NOT NULL, authorised_until INTEGER NOT NULL,
  challenged INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
`;
