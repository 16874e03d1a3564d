const AFTER_SIGN_IN = "/app";

/** A place of this app to return to after signing in; anything else is the dashboard. Pure. */
export function safeReturn(path: string | null): string {
  if (path === null || !path.startsWith("/") || path.includes("\\")) return AFTER_SIGN_IN;
  const url = new URL(path, "https://here.invalid");
  const inside = url.pathname === "/app" || url.pathname.startsWith("/app/");
  return url.host === "here.invalid" && inside ? url.pathname + url.search : AFTER_SIGN_IN;
}

/** Where a sign-in at this authority begins. */
export function signInUrl(returnTo: string, authority = "microsoft"): string {
  return `/auth/${authority}/login?return_to=${encodeURIComponent(safeReturn(returnTo))}`;
}

/** The landing page, which says that signing in is needed, or that a session has `ended`, and leads back. */
export function welcomeUrl(returnTo: string, ended = false): string {
  return `/?return_to=${encodeURIComponent(safeReturn(returnTo))}${ended ? "&ended" : ""}`;
}
