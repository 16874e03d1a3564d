// Microsoft Graph's wire types of sites and their libraries, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

export interface Site {
  id?: Maybe<string>;
  name?: Maybe<string>;
  displayName?: Maybe<string>;
  webUrl?: Maybe<string>;
  isPersonalSite?: Maybe<boolean>;
}

export interface Library {
  id?: Maybe<string>;
  name?: Maybe<string>;
  webUrl?: Maybe<string>;
  sharePointIds?: Maybe<{ siteId?: Maybe<string>; siteUrl?: Maybe<string>; webId?: Maybe<string> }>;
}

export interface Page {
  value?: unknown[];
  "@odata.nextLink"?: string;
}
