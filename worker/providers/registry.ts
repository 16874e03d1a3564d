import { onedrive } from "./onedrive/onedrive.ts";
import type { ProviderDefinition } from "./provider.ts";
import { webdav } from "./webdav/webdav.ts";

/** Every kind of source that can be connected, by id. */
export const providers = new Map<string, ProviderDefinition>([onedrive, webdav].map((each) => [each.id, each]));
