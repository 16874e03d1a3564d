import { createContext } from "svelte";
import { api } from "./api.ts";
import { Resource } from "./resource.svelte.ts";
import type { Provider } from "./wire.ts";

/** The kinds of sources that can be connected here. They do not change while the app is open. */
export class Providers {
  readonly list = new Resource<Provider[]>(async () => (await api.providers()).items);

  of(id: string): Provider | undefined {
    return this.list.value?.find((provider) => provider.id === id);
  }

  /** Until it is known, its id. */
  nameOf(id: string): string {
    return this.of(id)?.name ?? id;
  }
}

export const [getProviders, setProviders] = createContext<Providers>();
