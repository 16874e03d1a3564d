/** Waits within a call, for what passes in moments. Longer waits are the core's to schedule. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
