import { encodeBase64 } from "@oslojs/encoding";
import { ProviderError } from "../errors.ts";
import type { FormValues, ProviderContext, ProviderEnv } from "../provider.ts";
import { publicUrl } from "../public-host.ts";

/** How a connection proves itself: by the token of a sign-in, or by what a person filled in. */
export type SignIn = { kind: "oauth" } | BasicSignIn;

export interface BasicSignIn {
  kind: "basic";
  /** The site that was typed: its origin, and the path to it where it has one; no slash at the end. */
  site: string;
  /** Its host, by which such a connection is told from others of the same person. */
  host: string;
  authorization: string;
  /** Whether the token has scopes: then it is for the gateway. */
  scoped: boolean;
}

/** Throws `unsupported` where the address that was typed may not be asked. */
export async function signInOf(env: Pick<ProviderEnv, "ORIGIN">, context: ProviderContext): Promise<SignIn> {
  const values = await formValues(context);
  if (!values) return { kind: "oauth" };
  const { site = "", email = "", token, scopedToken } = values;
  const url = publicUrl(site.trim(), env.ORIGIN);
  if (email.includes(":")) throw new ProviderError("unsupported", "An e-mail address has no colon in it.");
  const secret = (scopedToken ?? token ?? "").trim();
  const bytes = new TextEncoder().encode(`${email.trim()}:${secret}`);
  return {
    kind: "basic",
    // As copied from a browser, on some page of the site.
    site: `${url.origin}${sitePath(url)}`,
    host: `${url.host}${sitePath(url).replaceAll("/", "~")}`,
    authorization: `Basic ${encodeBase64(bytes)}`,
    scoped: scopedToken !== undefined,
  };
}

/** What was filled in; undefined where the connection was made by a sign-in. */
async function formValues(context: ProviderContext): Promise<FormValues | undefined> {
  try {
    return await context.fields?.();
  } catch (error) {
    // That there are none is told as an error; that they cannot be had just now, as another one.
    if (error instanceof ProviderError && error.kind === "unsupported") return undefined;
    throw error;
  }
}

/** Products begin at `/wiki`, `/jira`, `/browse` and so on, of which the site's own address knows nothing. */
function sitePath({ pathname, hostname }: URL): string {
  if (hostname !== "localhost") return "";
  // In development the site is a part of the path.
  const [, first = ""] = pathname.split("/");
  return first === "" ? "" : `/${first}`;
}
