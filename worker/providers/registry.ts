import { dropbox } from "./dropbox/dropbox.ts";
import { onedrive } from "./onedrive/onedrive.ts";
import type { ProviderDefinition } from "./provider.ts";

/** Every kind of source that can be connected, by id. */
export const providers = new Map<string, ProviderDefinition>([onedrive, dropbox].map((provider) => [provider.id, provider]));
