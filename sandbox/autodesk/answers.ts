import { randomUUID } from "node:crypto";
import { Refusal, type Answer } from "../answers.ts";

const JSON_API = { "Content-Type": "application/vnd.api+json" };
const JSON_TYPE = { "Content-Type": "application/json" };
const TITLES: Readonly<Record<string, string>> = {
  BAD_INPUT: "One or more input values in the request were bad",
  NOT_FOUND: "The requested resource was not found",
  FORBIDDEN: "You don't have permission to access this resource",
};

/** An error of the Data Management API. */
export function errorAnswer(status: number, code: string, detail: string, headers: Record<string, string> = {}): Answer {
  const error = { id: randomUUID(), status: String(status), code, title: TITLES[code] ?? code, detail };
  return { status, headers: { ...JSON_API, ...headers }, body: { jsonapi: { version: "1.0" }, errors: [error] } };
}

/** An error of the gateway before all APIs. */
export function gatewayAnswer(status: number, errorCode: string, developerMessage: string, headers: Record<string, string> = {}): Answer {
  const body = {
    developerMessage,
    userMessage: "",
    errorCode,
    "more info": `http://developer.api.autodesk.com/documentation/v1/errors/${errorCode}`,
  };
  return { status, headers: { ...JSON_TYPE, ...headers }, body };
}

/** An error of the object storage, and of the webhooks. */
export const reasonAnswer = (status: number, reason: string): Answer => ({ status, headers: JSON_TYPE, body: { reason } });

/** An error of S3, in its XML. */
export const storageAnswer = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { "Content-Type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

export const refuse = (status: number, code: string, detail: string): Refusal => new Refusal(errorAnswer(status, code, detail));
export const notFound = (what: string): Refusal => refuse(404, "NOT_FOUND", `The requested ${what} was not found.`);
export const forbidden = (): Refusal => refuse(403, "FORBIDDEN", "You don't have permission to access this resource.");
export const quotaAnswer = (seconds: number): Answer => ({
  status: 429,
  headers: { ...JSON_TYPE, "Retry-After": String(seconds) },
  body: { developerMessage: "Quota limit exceeded.", errorCode: "AUTH-429" },
});

/** A document of JSON:API. */
export const document = (body: object): Response => Response.json({ jsonapi: { version: "1.0" }, ...body }, { headers: JSON_API });
