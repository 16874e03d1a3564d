// Confluence's wire types, API v2 and what is used of v1, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

interface Links {
  /** Below the site; of the API v1, below its Confluence. */
  next?: Maybe<string>;
  /** Where people find the site's Confluence. */
  base?: Maybe<string>;
  webui?: Maybe<string>;
}

interface Version {
  number?: Maybe<number>;
  createdAt?: Maybe<string>;
}

export interface List {
  results?: Maybe<unknown[]>;
  _links?: Maybe<Links>;
}

export interface Space {
  id?: Maybe<string>;
  key?: Maybe<string>;
  name?: Maybe<string>;
  type?: Maybe<string>;
  status?: Maybe<string>;
  _links?: Maybe<Links>;
}

/** A page; or what else may be above one: a folder, a whiteboard, a database, a link. */
export interface Page {
  id?: Maybe<string>;
  status?: Maybe<string>;
  title?: Maybe<string>;
  spaceId?: Maybe<string>;
  parentId?: Maybe<string>;
  parentType?: Maybe<string>;
  createdAt?: Maybe<string>;
  version?: Maybe<Version>;
  body?: Maybe<{ storage?: Maybe<{ value?: Maybe<string> }> }>;
  _links?: Maybe<Links>;
}

export interface Attachment {
  id?: Maybe<string>;
  status?: Maybe<string>;
  title?: Maybe<string>;
  pageId?: Maybe<string>;
  createdAt?: Maybe<string>;
  mediaType?: Maybe<string>;
  fileSize?: Maybe<number>;
  version?: Maybe<Version>;
  _links?: Maybe<Links>;
}

/** What search finds, API v1. */
export interface Found {
  id?: Maybe<string>;
  type?: Maybe<string>;
  version?: Maybe<{ when?: Maybe<string> }>;
  /** What an attachment is attached to. */
  container?: Maybe<{ id?: Maybe<string>; type?: Maybe<string> }>;
}

export interface User {
  type?: Maybe<string>;
  accountId?: Maybe<string>;
  displayName?: Maybe<string>;
  publicName?: Maybe<string>;
  email?: Maybe<string>;
}
