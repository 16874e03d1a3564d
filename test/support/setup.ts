import { applyD1Migrations, reset, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

// Before each file: files follow one another in one Worker, and none finds what another has left, neither rows nor a clock that stands.

const { MIGRATIONS } = env as Env & { MIGRATIONS: D1Migration[] };
vi.useRealTimers();
await reset();
await applyD1Migrations(env.DB, MIGRATIONS);
