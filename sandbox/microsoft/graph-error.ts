import { Refusal } from "../answers.ts";
import { graphAnswer } from "./fault-answers.ts";

export const refuse = (status: number, code: string, message: string, inner: Record<string, unknown> = {}): Refusal =>
  new Refusal(graphAnswer(status, code, message, {}, inner));

export const itemNotFound = (): Refusal => refuse(404, "itemNotFound", "The resource could not be found.");
export const invalidRequest = (message: string): Refusal => refuse(400, "invalidRequest", message);
