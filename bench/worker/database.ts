import { count, timed } from "./tally.ts";

// D1 that counts what each statement writes and reads, as D1 itself reports it. `changes` are rows of the table,
// `rows` what is billed: a row again for each index entry.

interface Counted {
  statement: D1PreparedStatement;
  kind: string;
}

/** Bytes of the database after the last statement. */
let size = 0;

const originals = new WeakMap<object, Counted>();

export function countingDatabase(db: D1Database): D1Database {
  return new Proxy(db, {
    get(target, name) {
      if (name === "prepare") return (query: string) => countingStatement(target.prepare(query), kindOf(query));
      if (name === "batch") return (statements: D1PreparedStatement[]) => batch(target, statements);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function countingStatement(statement: D1PreparedStatement, kind: string): D1PreparedStatement {
  const counted = {
    bind: (...values: unknown[]) => countingStatement(statement.bind(...values), kind),
    run: () => noted(kind, () => statement.run()),
    all: () => noted(kind, () => statement.all()),
    first: (column?: string) => timed("d1", () => (column === undefined ? statement.first() : statement.first(column))),
    // Its answer has no counts. What writes and returns rows names each column once, so that objects keep them apart.
    raw: async () => {
      if (kind.startsWith("select")) return timed("d1", () => statement.raw());
      return (await noted(kind, () => statement.all<Record<string, unknown>>())).results.map((row) => Object.values(row));
    },
  } as unknown as D1PreparedStatement;
  originals.set(counted, { statement, kind });
  return counted;
}

async function batch(db: D1Database, statements: D1PreparedStatement[]): Promise<D1Result[]> {
  const known = statements.map((statement) => originals.get(statement));
  const plain = known.map((one, index) => one?.statement ?? (statements[index] as D1PreparedStatement));
  const results = await timed("d1", () => db.batch(plain));
  results.forEach((result, index) => note(known[index]?.kind ?? "other", result));
  return results;
}

async function noted<T>(kind: string, call: () => Promise<D1Result<T>>): Promise<D1Result<T>> {
  const result = await timed("d1", call);
  note(kind, result);
  return result;
}

function note(kind: string, { meta }: D1Result): void {
  count(`d1.${kind}.statements`);
  if (meta.size_after > 0) count("d1.bytes", meta.size_after - size);
  size = meta.size_after > 0 ? meta.size_after : size;
  count(`d1.${kind}.sql.ms`, meta.duration);
  count("d1.rowsRead", meta.rows_read);
  count(`d1.${kind}.rowsRead`, meta.rows_read);
  if (meta.rows_written === 0) return;
  count("d1.rows", meta.rows_written);
  count(`d1.${kind}.rows`, meta.rows_written);
  count(`d1.${kind}.changes`, meta.changes);
}

/** "insert items", "update runs", "select items". */
export function kindOf(query: string): string {
  const written = /\b(?:(insert)\s+(?:or\s+\w+\s+)?into|(update)|(delete)\s+from)\s+["`]?(\w+)/i.exec(query);
  const [, insert, update, remove, table] = written ?? [];
  if (table !== undefined) return `${(insert ?? update ?? remove ?? "").toLowerCase()} ${table}`;
  return `select ${/\bfrom\s+["`]?(\w+)/i.exec(query)?.[1] ?? "nothing"}`;
}
