import { applyD1Migrations, reset, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

const { MIGRATIONS } = env as Env & { MIGRATIONS: D1Migration[] };
await reset();
await applyD1Migrations(env.DB, MIGRATIONS);
