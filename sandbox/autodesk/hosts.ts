export const API_HOST = "developer.api.autodesk.com";
/** Where a token's person is told. */
export const PROFILE_HOST = "api.userprofile.autodesk.com";
/** Where signed addresses lead: there no token is wanted. */
export const STORAGE_HOST = "com-autodesk-oss-persistent.s3.amazonaws.com";
/** Where a person looks at a file. */
export const WEB_HOST = "acc.autodesk.com";

const HOSTS: ReadonlySet<string> = new Set([API_HOST, PROFILE_HOST, STORAGE_HOST, WEB_HOST]);

export const isAutodeskHost = (host: string): boolean => HOSTS.has(host);
