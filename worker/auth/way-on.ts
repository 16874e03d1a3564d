import type { Authority } from "./authorities/authority.ts";
import type { Flow } from "./flow.ts";
import type { Link, SignInAction } from "./problem.ts";
import { DEFAULT_PATH } from "./return-to.ts";

/**
 * Where an action leads: a sign-in is begun again as it was; who was connecting a source goes back to where they began. Pure.
 * `authority`: at whose address the sign-in ended.
 */
export function wayOn(action: SignInAction, authority: Authority | undefined, flow: Flow | undefined): Link {
  if ("href" in action) return action;
  if (flow && flow.purpose.kind !== "sign-in" && action.go !== "sign-in") return { label: "Back to Tidemark", href: flow.returnTo };
  if (!authority?.identity) return { label: "Start page", href: "/" };
  const query = new URLSearchParams();
  if (flow?.purpose.kind === "sign-in") {
    if (flow.provider !== authority.identity.provider) query.set("provider", flow.provider);
    if (flow.returnTo !== DEFAULT_PATH) query.set("return_to", flow.returnTo);
  }
  if (action.go === "consent") query.set("prompt", "consent");
  const address = `/auth/${authority.id}/login`;
  return { label: action.label, href: query.size === 0 ? address : `${address}?${query}` };
}
