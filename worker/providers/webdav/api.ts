// The names of WebDAV's properties, and the JSON of ownCloud's own interfaces, as far as they are used. Everything may be missing.

type Maybe<T> = T | null | undefined;

const DAV = "DAV:";
const OWNCLOUD = "http://owncloud.org/ns";
const NEXTCLOUD = "http://nextcloud.org/ns";

/** Qualified names: the namespace in braces, whatever prefix a server writes for it. */
export const NAMES = {
  multistatus: `{${DAV}}multistatus`,
  response: `{${DAV}}response`,
  href: `{${DAV}}href`,
  status: `{${DAV}}status`,
  propstat: `{${DAV}}propstat`,
  prop: `{${DAV}}prop`,
  collection: `{${DAV}}collection`,
  resourceType: `{${DAV}}resourcetype`,
  etag: `{${DAV}}getetag`,
  length: `{${DAV}}getcontentlength`,
  type: `{${DAV}}getcontenttype`,
  modified: `{${DAV}}getlastmodified`,
  created: `{${DAV}}creationdate`,
  quotaUsed: `{${DAV}}quota-used-bytes`,
  quotaFree: `{${DAV}}quota-available-bytes`,
  fileId: `{${OWNCLOUD}}fileid`,
  checksums: `{${OWNCLOUD}}checksums`,
  metaPath: `{${OWNCLOUD}}meta-path-for-user`,
  fingerprint: `{${OWNCLOUD}}data-fingerprint`,
  creationTime: `{${NEXTCLOUD}}creation_time`,
  message: "{http://sabredav.org/ns}message",
  exception: "{http://sabredav.org/ns}exception",
} as const;

/** What is asked of each file and folder. */
export const LISTED_PROPERTIES = `<d:resourcetype/><d:getetag/><d:getcontentlength/><d:getcontenttype/><d:getlastmodified/><d:creationdate/><oc:fileid/><oc:checksums/><nc:creation_time/>`;
/** What is asked of the top folder on top of that. */
export const TOP_PROPERTIES = `${LISTED_PROPERTIES}<oc:data-fingerprint/><d:quota-used-bytes/><d:quota-available-bytes/>`;
export const NAMESPACES = `xmlns:d="${DAV}" xmlns:oc="${OWNCLOUD}" xmlns:nc="${NEXTCLOUD}"`;

/** /status.php */
export interface ServerStatus {
  installed?: Maybe<boolean>;
  maintenance?: Maybe<boolean>;
  productname?: Maybe<string>;
  versionstring?: Maybe<string>;
}

/** /ocs/v1.php/cloud/user */
export interface OcsUser {
  ocs?: Maybe<{
    meta?: Maybe<{ statuscode?: Maybe<number> }>;
    data?: Maybe<{
      id?: Maybe<string>;
      "display-name"?: Maybe<string>;
      displayname?: Maybe<string>;
      email?: Maybe<string>;
      quota?: Maybe<{ used?: Maybe<number>; total?: Maybe<number> }>;
    }>;
  }>;
}
