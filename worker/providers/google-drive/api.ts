// Google Drive's wire types, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

export interface DriveFile {
  id?: Maybe<string>;
  name?: Maybe<string>;
  mimeType?: Maybe<string>;
  /** A number, as text. */
  size?: Maybe<string>;
  parents?: Maybe<string[]>;
  driveId?: Maybe<string>;
  trashed?: Maybe<boolean>;
  shared?: Maybe<boolean>;
  createdTime?: Maybe<string>;
  modifiedTime?: Maybe<string>;
  headRevisionId?: Maybe<string>;
  md5Checksum?: Maybe<string>;
  sha256Checksum?: Maybe<string>;
  webViewLink?: Maybe<string>;
  capabilities?: Maybe<{ canDownload?: Maybe<boolean> }>;
  exportLinks?: Maybe<Record<string, string>>;
}

/** What is asked of a file. */
export const FILE_FIELDS =
  "id,name,mimeType,size,parents,driveId,trashed,shared,createdTime,modifiedTime,headRevisionId,md5Checksum,sha256Checksum,webViewLink,capabilities/canDownload";

export interface FileList {
  files?: Maybe<unknown[]>;
  nextPageToken?: Maybe<string>;
  incompleteSearch?: Maybe<boolean>;
}

export interface ChangeList {
  changes?: Maybe<unknown[]>;
  nextPageToken?: Maybe<string>;
  newStartPageToken?: Maybe<string>;
}

export interface DriveChange {
  changeType?: Maybe<string>;
  removed?: Maybe<boolean>;
  fileId?: Maybe<string>;
  file?: Maybe<DriveFile>;
}

export interface SharedDrive {
  id?: Maybe<string>;
  name?: Maybe<string>;
}

export interface DriveList {
  drives?: Maybe<SharedDrive[]>;
  nextPageToken?: Maybe<string>;
}

export interface About {
  user?: Maybe<{ displayName?: Maybe<string>; emailAddress?: Maybe<string>; permissionId?: Maybe<string> }>;
  storageQuota?: Maybe<{ limit?: Maybe<string>; usageInDrive?: Maybe<string> }>;
}

export interface Channel {
  id?: Maybe<string>;
  resourceId?: Maybe<string>;
  /** Milliseconds since 1970, as text. */
  expiration?: Maybe<string>;
}

export interface ErrorBody {
  error?: Maybe<{
    message?: Maybe<string>;
    errors?: Maybe<{ reason?: Maybe<string>; location?: Maybe<string> }[]>;
    details?: Maybe<{ reason?: Maybe<string> }[]>;
  }>;
}

export const FOLDER_TYPE = "application/vnd.google-apps.folder";
export const SHORTCUT_TYPE = "application/vnd.google-apps.shortcut";
