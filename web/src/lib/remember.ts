/** Keeps a word in this browser, for `static/before-paint.js`, which reads it before anything is shown. Null forgets it. */
export function remember(key: "theme" | "sources", value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage may be blocked: what was to be remembered then lasts as long as the page.
  }
}
