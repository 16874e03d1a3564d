// Atlassian's wire types, as far as all products have them in common. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

/** Of `accessible-resources`: a product of a site. The same site has one for each. */
export interface AccessibleResource {
  /** The site's cloud id. */
  id?: Maybe<string>;
  name?: Maybe<string>;
  /** Where people find it. */
  url?: Maybe<string>;
  scopes?: Maybe<string[]>;
}

export interface Me {
  account_id?: Maybe<string>;
  name?: Maybe<string>;
  email?: Maybe<string>;
}

/** The several forms of errors, in one. */
export interface ErrorBody {
  /** The gateway, and Confluence's API v1. */
  message?: Maybe<string>;
  /** Confluence's API v2. */
  errors?: Maybe<{ code?: Maybe<string>; title?: Maybe<string> }[] | Record<string, string>>;
  /** Jira. */
  errorMessages?: Maybe<string[]>;
}
