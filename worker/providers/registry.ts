import { dropbox } from "./dropbox/dropbox.ts";
import { onedrive } from "./onedrive/onedrive.ts";
import type { ProviderDefinition } from "./provider.ts";
import { webdav } from "./webdav/webdav.ts";

/** Every kind of source that can be connected, by id. */
export const providers = new Map<string, ProviderDefinition>([onedrive, dropbox, webdav].map((provider) => [provider.id, provider]));
