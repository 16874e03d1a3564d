// The object's SQLite, synchronous: calls without an await between them commit together.

export class Sql {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  transaction<T>(work: () => T): T {
    return this.#storage.transactionSync(work);
  }

  exec<T extends Record<string, SqlStorageValue>>(statement: string, ...values: SqlStorageValue[]): SqlStorageCursor<T> {
    return this.#storage.sql.exec<T>(statement, ...values);
  }

  /** Sets the given fields, named as in code; objects are kept as JSON. */
  update(table: string, patch: Record<string, unknown>, where: string, ...key: string[]): void {
    const entries = Object.entries(patch);
    if (entries.length === 0) return;
    const columns = entries.map(([name]) => `${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} = ?`);
    const values = entries.map(([, value]) => (value !== null && typeof value === "object" ? JSON.stringify(value) : value));
    this.run(`UPDATE ${table} SET ${columns.join(", ")} WHERE ${where}`, ...(values as SqlStorageValue[]), ...key);
  }

  run(statement: string, ...values: SqlStorageValue[]): void {
    this.#storage.sql.exec(statement, ...values);
  }

  one<T>(statement: string, ...values: SqlStorageValue[]): T | null {
    return this.all<T>(statement, ...values)[0] ?? null;
  }

  all<T>(statement: string, ...values: SqlStorageValue[]): T[] {
    return this.#storage.sql.exec(statement, ...values).toArray() as T[];
  }
}
