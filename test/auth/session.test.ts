import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { sessions } from "../../worker/db/schema.ts";
import { call } from "../routes/client.ts";
import { seedSession, seedUser } from "../routes/seed.ts";

const DAY_MILLISECONDS = 24 * 3_600_000;
const db = drizzle(env.DB);

async function expiryOf(userId: string): Promise<number> {
  const row = await db.select().from(sessions).where(eq(sessions.userId, userId)).get();
  return row?.expiresAt ?? 0;
}

describe("a session that is used", () => {
  it("lives thirty days from then on", async () => {
    const userId = await seedUser();
    const cookie = await seedSession(userId, { expiresAt: Date.now() + 2 * DAY_MILLISECONDS });
    const response = await call("/api/v1/me", { cookie });
    expect(response.headers.get("set-cookie")).toMatch(/^__Host-tidemark=.*Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(await expiryOf(userId)).toBeGreaterThan(Date.now() + 29 * DAY_MILLISECONDS);
  });

  it("is written at most once a day", async () => {
    const userId = await seedUser();
    const expiresAt = Date.now() + 29.5 * DAY_MILLISECONDS;
    const cookie = await seedSession(userId, { expiresAt });
    const response = await call("/api/v1/me", { cookie });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([200, null]);
    expect(await expiryOf(userId)).toBe(expiresAt);
  });
});
