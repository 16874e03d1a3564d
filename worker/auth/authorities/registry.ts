import type { Authority } from "./authority.ts";
import { microsoft } from "./microsoft.ts";

/** Every authority that a connection can be authorised by, by id. */
export const authorities: ReadonlyMap<string, Authority> = new Map([microsoft].map((authority) => [authority.id, authority]));
