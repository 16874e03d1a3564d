export const ACCOUNTS_HOST = "accounts.google.com";
export const OAUTH_HOST = "oauth2.googleapis.com";
export const USERINFO_HOST = "openidconnect.googleapis.com";
export const API_HOST = "www.googleapis.com";
/** Where export links lead. */
export const DOCS_HOST = "docs.google.com";
/** Where a person looks at a file. */
export const DRIVE_HOST = "drive.google.com";
/** Where export links lead on to: there no token is wanted. */
export const CONTENT_HOST = "doc-0s-export.googleusercontent.com";

const HOSTS: ReadonlySet<string> = new Set([ACCOUNTS_HOST, OAUTH_HOST, USERINFO_HOST, API_HOST, DOCS_HOST, DRIVE_HOST, CONTENT_HOST]);

export const isGoogleHost = (host: string): boolean => HOSTS.has(host);
