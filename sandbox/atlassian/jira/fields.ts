export type Choice = { id: string; name: string };

export const STATUSES: readonly Choice[] = [
  { id: "10000", name: "To Do" },
  { id: "10001", name: "In Progress" },
  { id: "10002", name: "Done" },
];
export const TYPES: readonly Choice[] = [
  { id: "10001", name: "Task" },
  { id: "10002", name: "Bug" },
  { id: "10003", name: "Story" },
  { id: "10004", name: "Epic" },
];
export const PRIORITIES: readonly Choice[] = [
  { id: "2", name: "High" },
  { id: "3", name: "Medium" },
  { id: "4", name: "Low" },
];

/** What the sites here have of their own, by id. */
export const CUSTOM_FIELDS: Readonly<Record<string, string>> = {
  customfield_10016: "Story point estimate",
  customfield_10019: "Rank",
  customfield_10030: "Acceptance criteria",
  customfield_10031: "Quay",
};

const SYSTEM_FIELDS: Readonly<Record<string, string>> = {
  summary: "Summary",
  description: "Description",
  environment: "Environment",
  issuetype: "Issue Type",
  status: "Status",
  resolution: "Resolution",
  priority: "Priority",
  labels: "Labels",
  assignee: "Assignee",
  reporter: "Reporter",
  project: "Project",
  parent: "Parent",
  duedate: "Due date",
  created: "Created",
  updated: "Updated",
  resolutiondate: "Resolved",
  issuelinks: "Linked Issues",
  attachment: "Attachment",
  comment: "Comment",
};

export const FIELD_NAMES: Readonly<Record<string, string>> = { ...SYSTEM_FIELDS, ...CUSTOM_FIELDS };

export const choiceOf = (choices: readonly Choice[], name: string): Choice => choices.find((one) => one.name === name) ?? { id: "0", name };

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
