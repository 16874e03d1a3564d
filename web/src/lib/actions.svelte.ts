import { goto } from "$app/navigation";
import { api } from "./api.ts";
import { getToasts } from "./toasts.svelte.ts";
import type { Connection, ConnectionCreate } from "./wire.ts";

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

  /** Leaves for the source's sign-in page, and comes back to this one unless told otherwise; the connection, where none is needed. */
  async connect(request: ConnectionCreate): Promise<Connection | undefined> {
    const answer = await this.do(`connect ${request.connectionId ?? ""}`, () => api.connect({ returnTo: location.pathname, ...request }));
    if (answer?.authorizeUrl) location.assign(answer.authorizeUrl);
    return answer?.connection ?? undefined;
  }

  /** By the way that the connection was made: at the source's sign-in page, or by its form. */
  async reconnect({ id, provider, authType }: Connection): Promise<void> {
    if (authType === "oauth2") await this.connect({ provider, connectionId: id });
    else await goto(`/app/sources/new?reconnect=${encodeURIComponent(id)}`);
  }
}
