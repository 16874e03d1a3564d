/** `site`: the key of the site. An issue's `fields` are JSON, in the form of the API; `jira_old_keys`: what moved issues were called. */
export const JIRA_SCHEMA = `
CREATE TABLE IF NOT EXISTS jira_projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, last_number INTEGER NOT NULL DEFAULT 0,
  UNIQUE (site, key)
);
CREATE TABLE IF NOT EXISTS jira_issues (
  id INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL, number INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  reporter INTEGER NOT NULL, fields TEXT NOT NULL, UNIQUE (project, number)
);
CREATE TABLE IF NOT EXISTS jira_old_keys (site TEXT NOT NULL, key TEXT NOT NULL, issue INTEGER NOT NULL, PRIMARY KEY (site, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jira_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue INTEGER NOT NULL, author INTEGER NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  body TEXT NOT NULL, role TEXT
);
CREATE INDEX IF NOT EXISTS jira_comments_by_issue ON jira_comments (issue);
CREATE TABLE IF NOT EXISTS jira_attachments (
  id INTEGER PRIMARY KEY AUTOINCREMENT, issue INTEGER NOT NULL, author INTEGER NOT NULL, created INTEGER NOT NULL, name TEXT NOT NULL,
  type TEXT NOT NULL, media TEXT NOT NULL, sha256 TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS jira_attachments_by_issue ON jira_attachments (issue);
CREATE TABLE IF NOT EXISTS jira_barred (project INTEGER NOT NULL, account INTEGER NOT NULL, PRIMARY KEY (project, account)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jira_webhooks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, account INTEGER NOT NULL, client TEXT NOT NULL, url TEXT NOT NULL,
  jql TEXT NOT NULL, events TEXT NOT NULL, fields TEXT, expires INTEGER NOT NULL
);
`;

/** Jira's ids begin here. */
export const FIRST_ID = 10_000;
export const NUMBERED_TABLES = ["jira_projects", "jira_issues", "jira_comments", "jira_attachments"];
