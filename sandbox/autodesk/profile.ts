import { toResponse } from "../answers.ts";
import { gatewayAnswer } from "./answers.ts";
import { emailOf } from "./assertion.ts";
import type { Grant } from "./grants.ts";

/** GET /userinfo: whose token it is. An app that speaks for itself is nobody. */
export function userInfo({ account }: Grant): Response {
  if (account.form === "app") return toResponse(gatewayAnswer(401, "AUTH-006", "The token is not of a user."));
  const [given = "", ...rest] = account.displayName.split(" ");
  return Response.json({
    sub: account.userId,
    name: account.displayName,
    given_name: given,
    family_name: rest.join(" "),
    preferred_username: account.name,
    email: emailOf(account),
    email_verified: true,
    profile: `https://profile.autodesk.com/${account.userId}`,
    updated_at: Math.floor(account.created / 1000),
    is_2fa_enabled: false,
  });
}
