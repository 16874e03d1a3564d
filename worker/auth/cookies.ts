import type { CookieOptions } from "hono/utils/cookie";

type CookieEnv = Pick<Env, "ORIGIN" | "INSECURE_COOKIES">;

/**
 * How a cookie of ours is named and set: `__Host-`, so that no other host can set it, HttpOnly and Secure. SameSite=Lax
 * lets it come along when the authority sends the browser back.
 *
 * Some browsers refuse Secure cookies on http://localhost: INSECURE_COOKIES="true" drops prefix and Secure there. It is
 * without effect anywhere else.
 */
export function cookieSettings(env: CookieEnv, name: string): { name: string; options: CookieOptions } {
  const secure = !(env.INSECURE_COOKIES === "true" && isLocal(env));
  return {
    name: secure ? `__Host-${name}` : name,
    options: { path: "/", httpOnly: true, sameSite: "Lax", secure },
  };
}

/** Whether this deployment runs on the machine of who opens it. */
export function isLocal(env: Pick<Env, "ORIGIN">): boolean {
  const { protocol, hostname } = new URL(env.ORIGIN);
  return protocol === "http:" && hostname === "localhost";
}
