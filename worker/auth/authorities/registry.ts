import { atlassian } from "./atlassian.ts";
import { autodesk } from "./autodesk.ts";
import type { Authority } from "./authority.ts";
import { dropbox } from "./dropbox.ts";
import { google } from "./google.ts";
import { microsoft } from "./microsoft.ts";

/** Every authority that a connection can be authorised by, by id. */
export const authorities: ReadonlyMap<string, Authority> = new Map(
  [microsoft, google, dropbox, atlassian, autodesk].map((authority) => [authority.id, authority]),
);

/** The authority whose id tokens this issuer's are; undefined where none is any more. */
export function authorityOfIssuer(env: Env, issuer: string): Authority | undefined {
  const issues = ({ identity, server }: Authority) => identity && (identity.isIssuer?.(env, issuer) ?? server(env).issuer === issuer);
  return [...authorities.values()].find(issues);
}

/** The authority by which a way to connect is allowed. */
export function authorityOf(method: { authority: string }): Authority {
  const authority = authorities.get(method.authority);
  if (!authority) throw new Error(`There is no authority "${method.authority}".`);
  return authority;
}
