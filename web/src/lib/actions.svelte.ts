import { api } from "./api.ts";
import { getToasts } from "./toasts.svelte.ts";

/** Runs one action at a time, says what came of it, and tells which one is under way. */
export class Actions {
  busy = $state<string | null>(null);
  #toasts = getToasts();

  /** The action's answer, or undefined when it failed, which has then been said. */
  async do<T>(name: string, action: () => Promise<T>, done?: string): Promise<T | undefined> {
    if (this.busy !== null) return undefined;
    this.busy = name;
    try {
      const answer = await action();
      if (done !== undefined) this.#toasts.say(done);
      return answer;
    } catch (error) {
      this.#toasts.fail(error);
      return undefined;
    } finally {
      this.busy = null;
    }
  }

  /** Leaves for the provider's sign-in page, to connect an account or to reconnect one. */
  async connect(provider: string, connectionId?: string): Promise<void> {
    const returnTo = location.pathname;
    const body = connectionId === undefined ? { provider, returnTo } : { provider, connectionId, returnTo };
    const answer = await this.do(`connect ${connectionId ?? ""}`, () => api.connect(body));
    if (answer?.authorizeUrl) location.assign(answer.authorizeUrl);
  }
}
