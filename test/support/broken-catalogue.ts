import { runInDurableObject } from "cloudflare:test";
import type { MemoryUser } from "./memory-user.ts";

/**
 * Statements of the user's object whose parameters meet the condition fail from now on, as long as the object lives. Answers how
 * often one has.
 */
export async function refuseStatements(
  user: MemoryUser,
  isRefused: (values: readonly unknown[], query: string) => boolean,
): Promise<() => number> {
  let refused = 0;
  await runInDurableObject(user.stub, (instance) => {
    const { DB: database } = (instance as unknown as { env: Env }).env;
    const prepare = database.prepare.bind(database);
    const batch = database.batch.bind(database);
    const bad = new WeakSet<object>();
    const fail = () => {
      refused += 1;
      return Promise.reject(new Error("D1_ERROR: the statement was refused."));
    };
    Object.defineProperty(database, "prepare", {
      configurable: true,
      value: (query: string) => {
        const statement = prepare(query);
        const bind = statement.bind.bind(statement);
        Object.defineProperty(statement, "bind", {
          value: (...values: unknown[]) => {
            const bound = bind(...values);
            if (!isRefused(values, query)) return bound;
            bad.add(bound);
            for (const name of ["run", "all", "raw", "first"]) Object.defineProperty(bound, name, { value: fail });
            return bound;
          },
        });
        return statement;
      },
    });
    Object.defineProperty(database, "batch", {
      configurable: true,
      value: (statements: D1PreparedStatement[]) => (statements.some((each) => bad.has(each)) ? fail() : batch(statements)),
    });
  });
  return () => refused;
}

/** Lets every statement through again. */
export async function acceptStatements(user: MemoryUser): Promise<void> {
  await runInDurableObject(user.stub, (instance) => {
    const { DB: database } = (instance as unknown as { env: Env }).env;
    Reflect.deleteProperty(database, "prepare");
    Reflect.deleteProperty(database, "batch");
  });
}
