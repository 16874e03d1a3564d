export const WWW_HOST = "www.dropbox.com";
/** Redirects to the one with www. */
export const BARE_HOST = "dropbox.com";
export const API_HOST = "api.dropboxapi.com";
export const CONTENT_HOST = "content.dropboxapi.com";

const HOSTS: ReadonlySet<string> = new Set([WWW_HOST, BARE_HOST, API_HOST, CONTENT_HOST]);

export const isDropboxHost = (host: string): boolean => HOSTS.has(host);
