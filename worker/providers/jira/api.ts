// Jira's wire types, as far as they are used. Everything may be missing, or null.

type Maybe<T> = T | null | undefined;

export interface User {
  accountId?: Maybe<string>;
  displayName?: Maybe<string>;
  emailAddress?: Maybe<string>;
  timeZone?: Maybe<string>;
}

export interface Project {
  id?: Maybe<string>;
  key?: Maybe<string>;
  name?: Maybe<string>;
}

export interface ProjectPage {
  values?: Maybe<Project[]>;
  isLast?: Maybe<boolean>;
  startAt?: Maybe<number>;
}

export interface Named {
  id?: Maybe<string>;
  name?: Maybe<string>;
}

export interface Attachment {
  /** A string by the contract, a number in the vendor's examples. */
  id?: Maybe<string | number>;
  filename?: Maybe<string>;
  size?: Maybe<number>;
  mimeType?: Maybe<string>;
  created?: Maybe<string>;
  author?: Maybe<User>;
}

export interface IssueLink {
  type?: Maybe<{ inward?: Maybe<string>; outward?: Maybe<string> }>;
  inwardIssue?: Maybe<{ key?: Maybe<string> }>;
  outwardIssue?: Maybe<{ key?: Maybe<string> }>;
}

export interface IssueFields {
  summary?: Maybe<string>;
  created?: Maybe<string>;
  updated?: Maybe<string>;
  project?: Maybe<Project>;
  attachment?: Maybe<Attachment[]>;
  /** The Atlassian Document Format. */
  description?: unknown;
  environment?: unknown;
  issuetype?: Maybe<Named>;
  status?: Maybe<Named>;
  resolution?: Maybe<Named>;
  priority?: Maybe<Named>;
  assignee?: Maybe<User>;
  reporter?: Maybe<User>;
  labels?: Maybe<string[]>;
  components?: Maybe<Named[]>;
  fixVersions?: Maybe<Named[]>;
  versions?: Maybe<Named[]>;
  parent?: Maybe<{ key?: Maybe<string> }>;
  duedate?: Maybe<string>;
  resolutiondate?: Maybe<string>;
  issuelinks?: Maybe<IssueLink[]>;
  /** Fields of a site's own. */
  [custom: `customfield_${number}`]: unknown;
}

export interface Issue {
  id?: Maybe<string>;
  key?: Maybe<string>;
  fields?: Maybe<IssueFields>;
  /** What the site calls its fields, where that was asked for. */
  names?: Maybe<Record<string, string>>;
}

/** What a listing asks of an issue. */
export const LISTED_FIELDS = ["summary", "created", "updated", "project", "attachment"] as const;

/** A page of a search. There is no total: without a token it is the last one. */
export interface SearchPage {
  issues?: Maybe<unknown[]>;
  nextPageToken?: Maybe<string>;
}

/** What is not there, or not shown to us, is in neither list. */
export interface BulkIssues {
  issues?: Maybe<Issue[]>;
  /** Could not be fetched just now. */
  issueErrors?: Maybe<{ id?: string }[]>;
}

export interface Comment {
  id?: Maybe<string>;
  author?: Maybe<User>;
  /** The Atlassian Document Format. */
  body?: unknown;
  created?: Maybe<string>;
  updated?: Maybe<string>;
  /** Absent: whoever sees the issue sees it. */
  visibility?: Maybe<{ value?: Maybe<string> }>;
}

export interface CommentPage {
  comments?: Maybe<Comment[]>;
  total?: Maybe<number>;
}

export interface JqlMatches {
  matches?: Maybe<{ matchedIssues?: Maybe<number[]>; errors?: Maybe<string[]> }[]>;
}

export interface ParsedQueries {
  queries?: Maybe<{ errors?: Maybe<string[]> }[]>;
}

export interface WebhookPage {
  values?: Maybe<{ id?: Maybe<number>; jqlFilter?: Maybe<string>; url?: Maybe<string>; expirationDate?: Maybe<number> }[]>;
  isLast?: Maybe<boolean>;
}

export interface RegisteredWebhooks {
  webhookRegistrationResult?: Maybe<{ createdWebhookId?: Maybe<number>; errors?: Maybe<string[]> }[]>;
}
