import { randomId } from "../../worker/ids.ts";
import type { ProviderOptions } from "../../worker/providers/options.ts";
import { unwrap } from "../../worker/errors.ts";
import { SandboxConfluence, type Way } from "../providers/sandbox-confluence.ts";
import { createUser, type Synced } from "./memory-user.ts";

export interface ConfluenceUser extends Synced {
  site: SandboxConfluence;
}

/** A user whose one connection is to a person's site of the sandbox's Confluence, and whose one sync follows its space. */
export async function createConfluenceUser(
  fill: (site: SandboxConfluence) => Promise<unknown> = async () => undefined,
  {
    way = "sign-in",
    options,
    feeds,
  }: { way?: Way; options?: ProviderOptions; feeds?: (site: SandboxConfluence) => Promise<string[]> } = {},
): Promise<ConfluenceUser> {
  const site = await SandboxConfluence.open(way);
  await fill(site);
  const { id, label } = await site.provider().account();
  const tokens = site.tokens && {
    accessToken: site.tokens.access_token,
    refreshToken: site.tokens.refresh_token,
    expiresAt: Date.now() + site.tokens.expires_in * 1000,
  };
  const method = { "sign-in": "atlassian", token: "api-token", "scoped-token": "scoped-api-token" }[way];
  const user = await createUser(randomId(), {
    provider: "confluence",
    method,
    account: { id, label, email: site.account },
    scopes: [],
    ...(tokens ? { tokens } : { fields: site.fields ?? {} }),
    homeShard: 0,
    firstSync: false,
  });
  const chosen = (await feeds?.(site)) ?? [site.feedId];
  const sync = unwrap(
    await user.stub.createSync({
      connectionId: user.connectionId,
      mode: "content",
      schedule: { kind: "interval", minutes: 60 },
      labels: {},
      selection: chosen.map((feed) => ({ feed, itemId: feed.replace("/", "/space:"), mode: "include" as const })),
      ...(options && { options: { providerOptions: options } }),
    }),
  );
  return Object.defineProperties({ site } as ConfluenceUser, {
    ...Object.getOwnPropertyDescriptors(user),
    syncId: { value: sync.id, enumerable: true },
  });
}
