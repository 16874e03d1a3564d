import type { Finding } from "./finding.ts";
import { good, problem, unknown } from "./finding.ts";
import { loadProduct } from "./product.ts";
import type { Place, Settings } from "./settings.ts";

// Registrations with authorities other than Microsoft, as far as their settings tell. Each may be left out.

const GOOGLE_CLIENT_ID = /^\d+-[a-z0-9]+\.apps\.googleusercontent\.com$/;

/** Nothing of those that are not configured. */
export async function checkAuthorities(settings: Settings, place: Place): Promise<Finding[]> {
  const { authorities } = await loadProduct();
  return authorities.filter(({ id }) => id !== "microsoft").flatMap(({ id, name }) => checkAuthority(settings, place, id, name));
}

function checkAuthority(settings: Settings, place: Place, authority: string, name: string): Finding[] {
  const prefix = authority.toUpperCase();
  const [id, secret] = [settings[`${prefix}_CLIENT_ID`], settings[`${prefix}_CLIENT_SECRET`]];
  if (!id) {
    if (!secret) return [];
    return [problem(`${prefix}_CLIENT_SECRET is set, and ${prefix}_CLIENT_ID is not.`, `Set both, or neither: ${name} is not offered.`)];
  }
  const findings = [
    authority === "google" && !GOOGLE_CLIENT_ID.test(id)
      ? problem(`GOOGLE_CLIENT_ID is "${id}".`, "It is the OAuth client's “Client ID”, which ends in .apps.googleusercontent.com.")
      : good(`${prefix}_CLIENT_ID is ${id}.`),
    checkSecret(prefix, secret, place),
  ];
  const origin = URL.parse(settings["ORIGIN"] ?? "")?.origin;
  if (origin === undefined || place === "sandbox") return findings;
  const advice = `It must be registered with ${name} exactly as written: ${origin}/auth/${authority}/callback`;
  return [...findings, unknown(`Whether ${name} knows the redirect URI shows only when somebody signs in.`, advice)];
}

function checkSecret(prefix: string, secret: string | undefined, place: Place): Finding {
  if (secret) return good(`${prefix}_CLIENT_SECRET is set.`);
  if (place === "deployed")
    return unknown(`${prefix}_CLIENT_SECRET cannot be read back from Cloudflare.`, "Give a file with it: --secrets-file FILE");
  return problem(`${prefix}_CLIENT_SECRET is not set.`, "Without it this authority is not offered.");
}
