export const AUTH_HOST = "auth.atlassian.com";
/** The gateway, for whoever comes with a token. */
export const API_HOST = "api.atlassian.com";
/** Where files come from, by signed addresses. */
export const MEDIA_HOST = "api.media.atlassian.com";

const SITE_HOST = /^([a-z0-9][a-z0-9-]*)\.atlassian\.net$/;

export const isAtlassianHost = (host: string): boolean =>
  host === AUTH_HOST || host === API_HOST || host === MEDIA_HOST || SITE_HOST.test(host);

export const siteHost = (key: string): string => `${key}.atlassian.net`;

/** The first label of a site's host; undefined where it is no site's. */
export const siteKeyOf = (host: string): string | undefined => SITE_HOST.exec(host)?.[1];
