// Dropbox's wire types, API v2, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

/** One of a union: which one is said by its tag. */
export interface Tagged {
  ".tag"?: Maybe<string>;
}

export interface Metadata extends Tagged {
  id?: Maybe<string>;
  name?: Maybe<string>;
  path_lower?: Maybe<string>;
  client_modified?: Maybe<string>;
  server_modified?: Maybe<string>;
  rev?: Maybe<string>;
  size?: Maybe<number>;
  content_hash?: Maybe<string>;
  is_downloadable?: Maybe<boolean>;
  export_info?: Maybe<{ export_as?: Maybe<string> }>;
  symlink_info?: Maybe<object>;
}

export interface ListFolderResult {
  entries?: Maybe<unknown[]>;
  cursor?: Maybe<string>;
  has_more?: Maybe<boolean>;
}

export interface FullAccount {
  account_id?: Maybe<string>;
  name?: Maybe<{ display_name?: Maybe<string> }>;
  email?: Maybe<string>;
  team?: Maybe<{ name?: Maybe<string> }>;
  root_info?: Maybe<RootInfo>;
}

export interface RootInfo extends Tagged {
  root_namespace_id?: Maybe<string>;
  home_namespace_id?: Maybe<string>;
  home_path?: Maybe<string>;
}

export interface SpaceUsage {
  used?: Maybe<number>;
  allocation?: Maybe<Tagged & { allocated?: Maybe<number> }>;
}

/** In the header of a download; an export's has both. */
export interface DownloadResult {
  content_hash?: Maybe<string>;
  export_metadata?: Maybe<{ export_hash?: Maybe<string> }>;
}
