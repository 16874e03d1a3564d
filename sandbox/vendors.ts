import { atlassian } from "./atlassian/atlassian.ts";
import { autodesk } from "./autodesk/autodesk.ts";
import { dropbox } from "./dropbox/dropbox.ts";
import { google } from "./google/google.ts";
import { mail } from "./mail/mail.ts";
import { microsoft } from "./microsoft/microsoft.ts";
import { nextcloud } from "./nextcloud/nextcloud.ts";
import type { Vendor } from "./vendor.ts";

/** Everybody whom the sandbox plays. */
export const VENDORS: readonly Vendor[] = [microsoft, google, dropbox, nextcloud, atlassian, autodesk, mail];

/** Whose drive a folder of this machine becomes. */
export const FOLDER_ACCOUNT = "alice@contoso.example";

export const isVendorHost = (host: string): boolean => VENDORS.some((vendor) => vendor.isHost(host));
