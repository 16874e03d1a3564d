import { UserSync as ShippedUserSync } from "../../worker/index.ts";
import { countingEnv } from "./bindings.ts";
import { kindOf } from "./database.ts";
import { count, timed, whileActive } from "./tally.ts";

/** The object as it ships, on storage and bindings that count. */
export class UserSync extends ShippedUserSync {
  #size = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    countStorage(ctx.storage);
    super(ctx, countingEnv(env));
  }

  override async alarm(): Promise<void> {
    await timed("object.alarm", () => whileActive(() => super.alarm()));
    const size = this.ctx.storage.sql.databaseSize;
    count("object.bytes", size - this.#size);
    this.#size = size;
  }

  /** As if the syncs' interval were over: the next tick of the clock finds them due. */
  async benchMakeDue(): Promise<void> {
    this.ctx.storage.sql.exec("UPDATE syncs SET checked_at = 0");
  }
}

/** Rows are billed as in D1; a `setAlarm` is a row too. */
function countStorage(storage: DurableObjectStorage): void {
  const { sql } = storage;
  const exec = sql.exec.bind(sql);
  override(sql, "exec", (query: string, ...values: SqlStorageValue[]) => {
    const cursor = exec(query, ...values);
    const rows = cursor.rowsWritten;
    if (rows > 0) {
      count("object.rows", rows);
      count(`object.${kindOf(query)}.rows`, rows);
    }
    const toArray = cursor.toArray.bind(cursor);
    override(cursor, "toArray", () => {
      const found = toArray();
      count("object.rowsRead", cursor.rowsRead);
      count(`object.${kindOf(query)}.rowsRead`, cursor.rowsRead);
      return found;
    });
    return cursor;
  });
  const setAlarm = storage.setAlarm.bind(storage);
  override(storage, "setAlarm", (at: number | Date) => {
    count("object.rows");
    count("object.set alarm.rows");
    return setAlarm(at);
  });
  const transactionSync = storage.transactionSync.bind(storage);
  override(storage, "transactionSync", <T>(work: () => T) => {
    count("object.transactions");
    return transactionSync(work);
  });
}

function override(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true });
}
