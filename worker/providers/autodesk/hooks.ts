import { asProviderError, ProviderError } from "../errors.ts";
import type { FormValues, SubscribeRequest, Subscription, WebhookCapability } from "../provider.ts";
import type { HookList, Resource } from "./api.ts";
import { mintForApp } from "./own-app.ts";
import { Aps, asObject } from "./aps.ts";
import { HOOKS } from "./mint.ts";
import { type ProjectRef, projectOf, projectRefOf, topFoldersOf } from "./project.ts";
import { mintForServiceAccount } from "./service-account.ts";

/** Hooks need no end: with one, those that nobody renews go by themselves. */
const LIFETIME_SECONDS = 30 * 86_400;
/** Of somebody who does not see a project's own folder: one for each that they see. */
const HOOKS_MAX = 20;
const LISTS_MAX = 20;
const NO_HOOK = "00000000-0000-4000-8000-000000000000";
/** Of files, their versions and folders alike. */
const EVENTS_PATH = "/webhooks/v1/systems/data/events/dm.*/hooks";

/** Webhooks of a project's folder, and of all that is below, in the region that its hub is in. They are signed with `clientState`. */
export function hooks(aps: Aps): WebhookCapability {
  return {
    lifetimeSeconds: LIFETIME_SECONDS,
    subscribe: (request) => subscribe(aps, request),
    renew: async (subscriptionId, expiresAt) => {
      const { region, ids } = partsOf(subscriptionId);
      const writer = await writerOf(aps);
      const json = { hookExpiry: new Date(expiresAt).toISOString(), status: "active" };
      for (const id of ids) await call(writer, region, "PATCH", `${EVENTS_PATH}/${id}`, json);
      return { id: subscriptionId, expiresAt };
    },
    unsubscribe: async (subscriptionId) => {
      const { region, ids } = partsOf(subscriptionId);
      const writer = await writerOf(aps);
      for (const id of ids) await remove(writer, region, id);
    },
  };
}

/** Whether hooks may be made: that there is none of this id is only said to who may change one. */
export async function mayBeTold(aps: Aps): Promise<boolean> {
  try {
    await call(await writerOf(aps), "US", "PATCH", `${EVENTS_PATH}/${NO_HOOK}`, { status: "active" });
    return true;
  } catch (error) {
    const { kind } = asProviderError(error);
    if (kind === "not_found" || kind === "forbidden") return kind === "not_found";
    throw error;
  }
}

async function subscribe(aps: Aps, { feedId, notificationUrl, clientState, expiresAt }: SubscribeRequest): Promise<Subscription> {
  const ref = projectRefOf(feedId);
  const region = await regionOf(aps, ref);
  const writer = await writerOf(aps);
  // Whom a notification is for stands in the address; what it is signed with never does.
  const address = `${notificationUrl}?for=${encodeURIComponent(clientState.slice(0, Math.max(0, clientState.lastIndexOf("."))))}`;
  const make = async (folder: string): Promise<string> => {
    const hook = {
      callbackUrl: address,
      scope: { folder },
      ...ref,
      hookExpiry: new Date(expiresAt).toISOString(),
      autoReactivateHook: true,
    };
    const id = await create(writer, region, hook);
    try {
      await call(writer, region, "PATCH", `${EVENTS_PATH}/${id}`, { token: clientState });
    } catch (error) {
      await remove(writer, region, id).catch(() => undefined);
      throw error;
    }
    return id;
  };
  const ids = await overFolders(aps, ref, make);
  return { id: `${region}/${ids.join(",")}`, expiresAt };
}

/** On the project's own folder; where that is not shown, on each of the highest that are. */
async function overFolders(aps: Aps, ref: ProjectRef, make: (folder: string) => Promise<string>): Promise<string[]> {
  const { rootFolderId } = await projectOf(aps, ref);
  try {
    if (rootFolderId !== undefined) return [await make(rootFolderId)];
  } catch (error) {
    const { kind, providerCode } = asProviderError(error);
    if ((kind !== "forbidden" && kind !== "not_found") || providerCode === "AUTH-010") throw error;
  }
  const { folders } = await topFoldersOf(aps, ref, false);
  const tops = folders.flatMap(({ id }) => id ?? []);
  if (tops.length === 0 || tops.length > HOOKS_MAX)
    throw new ProviderError("unsupported", "This project has no folder to be told of, or too many.");
  const ids: string[] = [];
  for (const folder of tops) ids.push(await make(folder));
  return ids;
}

interface NewHook {
  callbackUrl: string;
  scope: { folder: string };
}

/** The id of a new hook. One that is left of an earlier attempt, whose answer was lost, makes way. */
async function create(writer: Aps, region: string, hook: NewHook): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await call(writer, region, "POST", EVENTS_PATH, hook);
      const id = response.headers.get("Location")?.split("/").at(-1);
      if (!id) throw new ProviderError("fatal", "The new hook has no id.");
      return id;
    } catch (error) {
      if (attempt > 0 || asProviderError(error).status !== 409) throw error;
      for (const id of await same(writer, region, hook)) await remove(writer, region, id);
    }
  }
}

async function same(writer: Aps, region: string, { callbackUrl, scope }: NewHook): Promise<string[]> {
  const found: string[] = [];
  for (let page = 0, pageState = ""; page < LISTS_MAX; page++) {
    const query = pageState === "" ? "" : `?pageState=${encodeURIComponent(pageState)}`;
    const response = await writer.request(`${writer.env.AUTODESK_API_URL}${EVENTS_PATH}${query}`, { headers: { "x-ads-region": region } });
    if (response.status === 204) break;
    const { data, links } = asObject<HookList>(await response.json());
    found.push(
      ...(data ?? []).flatMap((hook) =>
        hook.callbackUrl === callbackUrl && hook.scope?.folder === scope.folder ? (hook.hookId ?? []) : [],
      ),
    );
    pageState = new URLSearchParams(links?.next?.split("?")[1] ?? "").get("pageState") ?? "";
    if (pageState === "") break;
  }
  return found;
}

async function remove(writer: Aps, region: string, id: string): Promise<void> {
  try {
    await call(writer, region, "DELETE", `${EVENTS_PATH}/${id}`);
  } catch (error) {
    if (asProviderError(error).kind !== "not_found") throw error;
  }
}

function call(writer: Aps, region: string, method: "POST" | "PATCH" | "DELETE", path: string, json?: object): Promise<Response> {
  return writer.call(path, { method, headers: { "x-ads-region": region }, ...(json && { json }) });
}

/** Hooks take the permission to write, which nothing else here has: what a form gave is asked for it, for these calls alone. */
async function writerOf(aps: Aps): Promise<Aps> {
  const fields = await aps.fields();
  if (!fields) return aps;
  const { fetch, now } = aps.context;
  let token: Promise<string> | undefined;
  const accessToken = () => (token ??= mint(aps, fields, { fetch, now }));
  return new Aps(aps.env, { ...aps.context, accessToken });
}

async function mint(aps: Aps, fields: FormValues, context: { fetch: typeof fetch; now: () => number }): Promise<string> {
  const minted = fields["serviceAccountId"] ? mintForServiceAccount : mintForApp;
  return (await minted(aps.env, fields, HOOKS, context)).accessToken;
}

async function regionOf(aps: Aps, { hubId }: ProjectRef): Promise<string> {
  const { data } = await aps.document(`/project/v1/hubs/${hubId}`);
  return asObject<Resource>(data).attributes?.region ?? "US";
}

function partsOf(subscriptionId: string): { region: string; ids: string[] } {
  const [region = "US", ids = ""] = subscriptionId.split("/");
  return { region, ids: ids.split(",").filter((id) => id !== "") };
}
