import { autodesk } from "./autodesk/autodesk.ts";
import { dropbox } from "./dropbox/dropbox.ts";
import { googleDrive } from "./google-drive/google-drive.ts";
import { onedrive } from "./onedrive/onedrive.ts";
import type { ProviderDefinition } from "./provider.ts";
import { sharepoint } from "./sharepoint/sharepoint.ts";
import { webdav } from "./webdav/webdav.ts";

/** Every kind of source that can be connected, by id. */
export const providers = new Map<string, ProviderDefinition>(
  [onedrive, sharepoint, googleDrive, dropbox, webdav, autodesk].map((provider) => [provider.id, provider]),
);
