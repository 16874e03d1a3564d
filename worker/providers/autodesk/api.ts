// Autodesk's wire types, Data Management v2, OSS v2 and Webhooks v1, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

/** A document of JSON:API. */
export interface Document {
  data?: Maybe<unknown>;
  included?: Maybe<unknown[]>;
  links?: Maybe<{ next?: Maybe<{ href?: Maybe<string> } | string> }>;
  /** What the answer leaves out, where it leaves something out. */
  meta?: Maybe<{ warnings?: Maybe<unknown[]> }>;
}

export interface Resource {
  type?: Maybe<string>;
  id?: Maybe<string>;
  attributes?: Maybe<Attributes>;
  relationships?: Maybe<Record<string, Maybe<{ data?: Maybe<{ id?: Maybe<string> }> }>>>;
  links?: Maybe<{ webView?: Maybe<{ href?: Maybe<string> }> }>;
}

/** Of hubs, projects, folders, items and versions. */
export interface Attributes {
  name?: Maybe<string>;
  displayName?: Maybe<string>;
  region?: Maybe<string>;
  createTime?: Maybe<string>;
  lastModifiedTime?: Maybe<string>;
  lastModifiedTimeRollup?: Maybe<string>;
  hidden?: Maybe<boolean>;
  mimeType?: Maybe<string>;
  fileType?: Maybe<string>;
  storageSize?: Maybe<number>;
  extension?: Maybe<{ type?: Maybe<string> }>;
}

export interface SignedDownload {
  status?: Maybe<string>;
  url?: Maybe<string>;
  /** By the range of bytes that each has. */
  urls?: Maybe<Record<string, Maybe<string>>>;
  size?: Maybe<number>;
  sha1?: Maybe<string>;
}

export interface UserInfo {
  sub?: Maybe<string>;
  name?: Maybe<string>;
  email?: Maybe<string>;
}

export interface HookList {
  links?: Maybe<{ next?: Maybe<string> }>;
  data?: Maybe<{ hookId?: Maybe<string>; event?: Maybe<string>; callbackUrl?: Maybe<string>; scope?: Maybe<{ folder?: Maybe<string> }> }[]>;
}
