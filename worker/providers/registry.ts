import { googleDrive } from "./google-drive/google-drive.ts";
import { onedrive } from "./onedrive/onedrive.ts";
import type { ProviderDefinition } from "./provider.ts";

/** Every kind of source that can be connected, by id. */
export const providers = new Map<string, ProviderDefinition>([onedrive, googleDrive].map((definition) => [definition.id, definition]));
