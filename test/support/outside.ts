import { runInDurableObject } from "cloudflare:test";
import { providers } from "../../worker/providers/registry.ts";
import type { Provider } from "../../worker/providers/provider.ts";
import type { MemoryUser } from "./memory-user.ts";

type Call = () => Promise<unknown>;
/** Makes the call, or does something else before, after or instead of it. */
export type Meet = (call: Call, name: string) => Promise<unknown>;

/**
 * Has everything that the user's object and its consumers ask of the world outside pass by: statements to D1, messages,
 * questions to the source. What it answers takes all that back.
 */
export async function meetOutside(user: MemoryUser, meet: Meet): Promise<() => void> {
  const restores: (() => void)[] = [hookProvider(user, meet)];
  await runInDurableObject(user.stub, (instance) => {
    const { DB, DOWNLOADS } = (instance as unknown as { env: Env }).env;
    restores.push(hook(DB, ["batch"], meet), hookPrepared(DB, meet), hook(DOWNLOADS, ["sendBatch"], meet));
  });
  return () => restores.splice(0).forEach((restore) => restore());
}

function hookProvider(user: MemoryUser, meet: Meet): () => void {
  const id = `memory-${user.userId}`;
  const real = providers.get(id);
  if (!real) throw new Error(`There is no provider ${id}.`);
  const create: typeof real.create = (...given) => {
    const provider: Provider = real.create(...given);
    hook(provider, ["changes", "lookup", "open"], meet);
    return provider;
  };
  providers.set(id, { ...real, create });
  return () => void providers.set(id, real);
}

function hook(target: object, names: readonly string[], meet: Meet): () => void {
  for (const name of names) {
    const original = Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>;
    const value = (...args: unknown[]) => meet(() => original.apply(target, args), name);
    Object.defineProperty(target, name, { configurable: true, value });
  }
  return () => names.forEach((name) => Reflect.deleteProperty(target, name));
}

function hookPrepared(database: D1Database, meet: Meet): () => void {
  const prepare = database.prepare.bind(database);
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement => {
    const bind = statement.bind.bind(statement);
    Object.defineProperty(statement, "bind", { value: (...values: unknown[]) => wrap(bind(...values)) });
    hook(statement, ["run", "all", "raw"], meet);
    return statement;
  };
  Object.defineProperty(database, "prepare", { configurable: true, value: (query: string) => wrap(prepare(query)) });
  return () => Reflect.deleteProperty(database, "prepare");
}
