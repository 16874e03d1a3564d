import { Refusal } from "../../answers.ts";

/** A refusal in Jira's words. */
export function refuse(status: number, ...messages: string[]): Refusal {
  return new Refusal({
    status,
    headers: { "Content-Type": "application/json;charset=UTF-8" },
    body: { errorMessages: messages, errors: {} },
  });
}

export const noIssue = (): Refusal => refuse(404, "Issue does not exist or you do not have permission to see it.");
