import { createContext } from "svelte";
import { api } from "./api.ts";
import { Resource } from "./resource.svelte.ts";
import { welcomeUrl } from "./sign-in.ts";
import type { Me } from "./wire.ts";

/** Who is signed in, and the way out. */
export class Session {
  readonly me = new Resource<Me>(() => api.me());

  async start(): Promise<void> {
    await this.me.reload();
    if (this.me.error?.signedOut) this.leave();
  }

  #left = false;

  /** Nobody is signed in any more: to the landing page, which leads back here. Several requests may say so at once. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    location.replace(welcomeUrl(location.pathname + location.search, this.me.value !== undefined));
  }

  async signOut(everywhere: boolean): Promise<void> {
    await api.signOut(everywhere);
    location.assign("/");
  }
}

export const [getSession, setSession] = createContext<Session>();
