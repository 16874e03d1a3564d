import type { Authority } from "./authority.ts";
import { dropbox } from "./dropbox.ts";
import { microsoft } from "./microsoft.ts";

/** Every authority that a connection can be authorised by, by id. */
export const authorities: ReadonlyMap<string, Authority> = new Map([microsoft, dropbox].map((authority) => [authority.id, authority]));
