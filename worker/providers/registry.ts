import { autodesk } from "./autodesk/autodesk.ts";
import { confluence } from "./confluence/confluence.ts";
import { dropbox } from "./dropbox/dropbox.ts";
import { googleDrive } from "./google-drive/google-drive.ts";
import { imap } from "./imap/imap.ts";
import { jira } from "./jira/jira.ts";
import { onedrive } from "./onedrive/onedrive.ts";
import type { ProviderDefinition } from "./provider.ts";
import { sharepoint } from "./sharepoint/sharepoint.ts";
import { webdav } from "./webdav/webdav.ts";

/** Every kind of source that can be connected, by id. */
export const providers = new Map<string, ProviderDefinition>(
  [onedrive, sharepoint, googleDrive, dropbox, webdav, confluence, jira, autodesk, imap].map((provider) => [provider.id, provider]),
);
