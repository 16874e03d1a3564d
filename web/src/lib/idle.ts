/** Resolves once the browser has nothing more urgent to do: what is done then is a task of its own. */
export function idle(): Promise<void> {
  return new Promise((resolve) => {
    // Safari has no idle callbacks by default.
    if ("requestIdleCallback" in globalThis) requestIdleCallback(() => resolve(), { timeout: 500 });
    else setTimeout(resolve);
  });
}
