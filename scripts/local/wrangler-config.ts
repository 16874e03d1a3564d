import { resolve } from "node:path";

/** Settings that are secret, and that a deployment may do without: wrangler.toml must not demand them. */
const OPTIONAL_SECRETS = ["GOOGLE_CLIENT_SECRET", "DROPBOX_CLIENT_SECRET", "ATLASSIAN_CLIENT_SECRET", "AUTODESK_CLIENT_SECRET"];

/**
 * wrangler.toml for `wrangler dev`, which gives the Worker only secrets that its configuration names: it names those of `vars` too.
 * Paths are absolute, so that it can stand anywhere.
 */
export function localWranglerConfig(text: string, root: string, vars: Readonly<Record<string, string>>): string {
  const given = OPTIONAL_SECRETS.filter((name) => name in vars);
  let named = false;
  const config = text
    .replace(
      /^(main|directory|migrations_dir) = "(.+)"$/gm,
      (_, name: string, path: string) => `${name} = ${JSON.stringify(resolve(root, path))}`,
    )
    .replace(/^required = (\[.*\])$/m, (_, list: string) => {
      named = true;
      return `required = ${JSON.stringify([...(JSON.parse(list) as string[]), ...given])}`;
    });
  if (!named) throw new Error("wrangler.toml does not say which secrets are required.");
  return config;
}
