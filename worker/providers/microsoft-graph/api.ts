// Microsoft Graph's wire types, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

export interface DriveItem {
  id?: Maybe<string>;
  name?: Maybe<string>;
  size?: Maybe<number>;
  cTag?: Maybe<string>;
  webUrl?: Maybe<string>;
  createdDateTime?: Maybe<string>;
  lastModifiedDateTime?: Maybe<string>;
  fileSystemInfo?: Maybe<{ createdDateTime?: Maybe<string>; lastModifiedDateTime?: Maybe<string> }>;
  parentReference?: Maybe<{ id?: Maybe<string>; driveId?: Maybe<string>; driveType?: Maybe<string> }>;
  file?: Maybe<{ mimeType?: Maybe<string>; hashes?: Maybe<Hashes> }>;
  folder?: Maybe<{ childCount?: Maybe<number> }>;
  package?: Maybe<{ type?: Maybe<string> }>;
  remoteItem?: Maybe<{ folder?: Maybe<object>; file?: Maybe<object>; package?: Maybe<object> }>;
  root?: Maybe<object>;
  deleted?: Maybe<object>;
  malware?: Maybe<object>;
}

export interface Hashes {
  quickXorHash?: Maybe<string>;
  sha1Hash?: Maybe<string>;
  sha256Hash?: Maybe<string>;
}

/** The pre-authenticated address of a file's bytes: an annotation, under either of two names. */
export const DOWNLOAD_URL_ANNOTATIONS = ["@microsoft.graph.downloadUrl", "@content.downloadUrl"] as const;

export interface DeltaPage {
  value?: unknown[];
  "@odata.nextLink"?: string;
  "@odata.deltaLink"?: string;
}

export interface User {
  id?: Maybe<string>;
  displayName?: Maybe<string>;
  mail?: Maybe<string>;
  userPrincipalName?: Maybe<string>;
}

export interface Drive {
  id?: Maybe<string>;
  name?: Maybe<string>;
  driveType?: Maybe<string>;
  quota?: Maybe<{ used?: Maybe<number>; total?: Maybe<number> }>;
}

export interface Subscription {
  id?: Maybe<string>;
  expirationDateTime?: Maybe<string>;
}

export interface BatchAnswer {
  responses?: BatchResponse[];
}

export interface BatchResponse {
  id?: string;
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
}
