import type { Account } from "../accounts.ts";
import type { ProductTools } from "../product.ts";
import type { Site } from "../sites.ts";
import { FIRST_ID, JIRA_SCHEMA, NUMBERED_TABLES } from "./schema.ts";

export type Project = { id: number; site: string; key: string; name: string };
export type Fields = Record<string, unknown>;
export type Issue = {
  id: number;
  project: Project;
  number: number;
  key: string;
  created: number;
  updated: number;
  reporter: number;
  fields: Fields;
};
export type Comment = { id: number; author: number; created: number; updated: number; body: unknown; role: string | null };
export type Attachment = {
  id: number;
  issue: number;
  author: number;
  created: number;
  name: string;
  type: string;
  media: string;
  sha256: string;
};

type Tools = Pick<ProductTools, "db" | "now">;

export type Store = ReturnType<typeof createStore>;

/** What sites' Jira has in it. Every change of an issue moves its `updated` on. */
export function createStore({ db, now }: Tools) {
  db.exec(JIRA_SCHEMA);
  for (const table of NUMBERED_TABLES) {
    db.prepare(
      "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)",
    ).run(table, FIRST_ID - 1);
  }
  const PROJECT = "SELECT id, site, key, name FROM jira_projects";
  const ISSUE = `SELECT i.id, i.number, i.created, i.updated, i.reporter, i.fields, p.id AS projectId, p.site, p.key AS projectKey, p.name AS projectName
    FROM jira_issues i JOIN jira_projects p ON p.id = i.project`;
  const toIssue = (row: Record<string, unknown>): Issue => {
    const project = {
      id: Number(row["projectId"]),
      site: String(row["site"]),
      key: String(row["projectKey"]),
      name: String(row["projectName"]),
    };
    const { id, number, created, updated, reporter } = row as {
      id: number;
      number: number;
      created: number;
      updated: number;
      reporter: number;
    };
    return {
      id,
      project,
      number,
      key: `${project.key}-${number}`,
      created,
      updated,
      reporter,
      fields: JSON.parse(String(row["fields"])) as Fields,
    };
  };
  const touch = (issue: number): void =>
    void db.prepare("UPDATE jira_issues SET updated = max(?, updated + 1) WHERE id = ?").run(now(), issue);
  const insert = (sql: string, ...values: (string | number | null)[]): number => Number(db.prepare(sql).run(...values).lastInsertRowid);
  const nextNumber = (project: number): number =>
    Number(
      db.prepare("UPDATE jira_projects SET last_number = last_number + 1 WHERE id = ? RETURNING last_number AS n").get(project)?.["n"],
    );

  const store = {
    projects: (site: Site): Project[] => db.prepare(`${PROJECT} WHERE site = ? ORDER BY key`).all(site.key) as unknown as Project[],
    /** By its id, its key, or, where `byName`, its name. */
    project: (site: Site, given: string, byName = false): Project | undefined =>
      store
        .projects(site)
        .find(
          ({ id, key, name }) =>
            String(id) === given || key === given.toUpperCase() || (byName && name.toLowerCase() === given.toLowerCase()),
        ),
    mayBrowse: (project: Pick<Project, "id">, account: Account): boolean =>
      db.prepare("SELECT 1 FROM jira_barred WHERE project = ? AND account = ?").get(project.id, account.no) === undefined,
    bar: (project: Project, account: Account, barred: boolean): void =>
      void db
        .prepare(barred ? "INSERT OR IGNORE INTO jira_barred VALUES (?, ?)" : "DELETE FROM jira_barred WHERE project = ? AND account = ?")
        .run(project.id, account.no),
    addProject: (site: Site, key: string, name: string): number =>
      insert("INSERT INTO jira_projects (site, key, name) VALUES (?, ?, ?)", site.key, key, name),
    renameProject: ({ id }: Project, key: string, name: string): void =>
      void db.prepare("UPDATE jira_projects SET key = ?, name = ? WHERE id = ?").run(key, name, id),
    removeProject: (project: Project): void => {
      for (const issue of store.issues(project.site).filter((one) => one.project.id === project.id)) store.remove(issue);
      db.prepare("DELETE FROM jira_projects WHERE id = ?").run(project.id);
    },

    issues: (site: string): Issue[] => db.prepare(`${ISSUE} WHERE p.site = ?`).all(site).map(toIssue),
    /** By its id, its key, or a key that it once had. */
    issue: (site: Site, given: string): Issue | undefined => {
      const row = /^\d+$/.test(given)
        ? db.prepare(`${ISSUE} WHERE p.site = ? AND i.id = ?`).get(site.key, Number(given))
        : db.prepare(`${ISSUE} WHERE p.site = ? AND p.key || '-' || i.number = ?`).get(site.key, given.toUpperCase());
      if (row !== undefined) return toIssue(row);
      const old = db.prepare("SELECT issue FROM jira_old_keys WHERE site = ? AND key = ?").get(site.key, given.toUpperCase());
      return old === undefined ? undefined : store.issue(site, String(old["issue"]));
    },
    add: (project: number, reporter: Account, fields: Fields): number =>
      insert(
        "INSERT INTO jira_issues (project, number, created, updated, reporter, fields) VALUES (?, ?, ?, ?, ?, ?)",
        project,
        nextNumber(project),
        now(),
        now(),
        reporter.no,
        JSON.stringify(fields),
      ),
    edit: ({ id, fields }: Issue, change: Fields): void => {
      db.prepare("UPDATE jira_issues SET fields = ? WHERE id = ?").run(JSON.stringify({ ...fields, ...change }), id);
      touch(id);
    },
    move: ({ id, key, project: { site } }: Issue, to: Project): void => {
      db.prepare("INSERT OR REPLACE INTO jira_old_keys VALUES (?, ?, ?)").run(site, key, id);
      db.prepare("UPDATE jira_issues SET project = ?, number = ? WHERE id = ?").run(to.id, nextNumber(to.id), id);
      touch(id);
    },
    remove: ({ id }: Issue): void => {
      for (const [table, column] of [
        ["jira_issues", "id"],
        ["jira_comments", "issue"],
        ["jira_attachments", "issue"],
        ["jira_old_keys", "issue"],
      ])
        db.prepare(`DELETE FROM ${table} WHERE ${column} = ?`).run(id);
    },

    comments: (issue: number): Comment[] =>
      db
        .prepare("SELECT id, author, created, updated, body, role FROM jira_comments WHERE issue = ? ORDER BY id")
        .all(issue)
        .map((row) => ({ ...row, body: JSON.parse(String(row["body"])) as unknown }) as Comment),
    comment: (issue: number, author: Account, body: unknown, role: string | null): number => {
      const at = now();
      touch(issue);
      const sql = "INSERT INTO jira_comments (issue, author, created, updated, body, role) VALUES (?, ?, ?, ?, ?, ?)";
      return insert(sql, issue, author.no, at, at, JSON.stringify(body), role);
    },
    /** A body of undefined removes it. Answers the issue; undefined where there is no such comment. */
    editComment: (id: number, body: unknown): number | undefined => {
      const row =
        body === undefined
          ? db.prepare("DELETE FROM jira_comments WHERE id = ? RETURNING issue").get(id)
          : db
              .prepare("UPDATE jira_comments SET body = ?, updated = max(?, updated + 1) WHERE id = ? RETURNING issue")
              .get(JSON.stringify(body), now(), id);
      if (row === undefined) return undefined;
      touch(Number(row["issue"]));
      return Number(row["issue"]);
    },

    attachments: (issue: number): Attachment[] =>
      db.prepare("SELECT * FROM jira_attachments WHERE issue = ? ORDER BY id").all(issue) as unknown as Attachment[],
    attachment: (id: number): Attachment | undefined =>
      db.prepare("SELECT * FROM jira_attachments WHERE id = ?").get(id) as unknown as Attachment | undefined,
    attach: (
      issue: number,
      author: Account,
      { name, type, media, sha256 }: Pick<Attachment, "name" | "type" | "media" | "sha256">,
    ): number => {
      touch(issue);
      const sql = "INSERT INTO jira_attachments (issue, author, created, name, type, media, sha256) VALUES (?, ?, ?, ?, ?, ?, ?)";
      return insert(sql, issue, author.no, now(), name, type, media, sha256);
    },
    detach: ({ id, issue }: Attachment): void => {
      db.prepare("DELETE FROM jira_attachments WHERE id = ?").run(id);
      touch(issue);
    },
  };
  return store;
}
