export const DEFAULT_PATH = "/app";
const PATH_CHARACTERS_MAX = 500;

/** The path to go to after a sign-in: one of our own pages, whatever was asked for. */
export function safeReturnTo(origin: string, asked: string | undefined): string {
  if (asked === undefined || !asked.startsWith("/") || asked.length > PATH_CHARACTERS_MAX) return DEFAULT_PATH;
  const url = URL.parse(asked, origin);
  if (!url || url.origin !== new URL(origin).origin || url.pathname.startsWith("/auth/") || url.pathname.startsWith("//"))
    return DEFAULT_PATH;
  return url.pathname + url.search + url.hash;
}
