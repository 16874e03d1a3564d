import { decodeBase64IgnorePadding } from "@oslojs/encoding";
import { createMiddleware } from "hono/factory";
import type { UserEnv } from "../context.ts";
import { AppError } from "../errors.ts";
import { DAV_SCOPE } from "../scopes.ts";
import { bearerOf, tokenUser } from "./bearer.ts";

/** What has clients ask for a user name and a password. */
const CHALLENGE = 'Basic realm="Tidemark: any user name, and an API token as the password", charset="UTF-8"';

/** Lets a program in that shows an API token, as a password or as what it is. No cookie counts: only programs come here. */
export const requireDavUser = createMiddleware<UserEnv>(async (c, next) => {
  const shown = bearerOf(c) ?? passwordOf(c.req.header("authorization"));
  if (shown === undefined) {
    c.header("www-authenticate", CHALLENGE);
    throw new AppError("auth.required", "Sign in with an API token as the password.");
  }
  const found = await tokenUser(c, shown, Date.now()).catch((error: unknown) => {
    c.header("www-authenticate", CHALLENGE);
    throw error;
  });
  if (!found.token.scopes.includes(DAV_SCOPE))
    throw new AppError("auth.scope_missing", `This needs a token with the scope “${DAV_SCOPE}”.`);
  c.set("user", found.user);
  c.set("token", found.token);
  c.set("log", c.var.log.with({ userId: found.user.id, tokenId: found.token.id }));
  await next();
});

/** The password of Basic credentials (RFC 7617); "" where they are none, undefined where there are none. */
function passwordOf(header: string | undefined): string | undefined {
  const encoded = /^basic( |$)(.*)/i.exec(header ?? "")?.[2];
  if (encoded === undefined) return undefined;
  try {
    const credentials = new TextDecoder().decode(decodeBase64IgnorePadding(encoded.trim()));
    return credentials.slice(credentials.indexOf(":") + 1).trim();
  } catch {
    return "";
  }
}
