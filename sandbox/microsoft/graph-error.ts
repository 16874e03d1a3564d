import { graphAnswer, type FaultAnswer } from "./fault-answers.ts";

/** A refusal of Graph, thrown by whatever finds the reason. */
export class GraphError extends Error {
  readonly answer: FaultAnswer;

  constructor(answer: FaultAnswer) {
    super(`Graph answers ${answer.status}`);
    this.answer = answer;
  }
}

export const refuse = (status: number, code: string, message: string, inner: Record<string, unknown> = {}): GraphError =>
  new GraphError(graphAnswer(status, code, message, {}, inner));

export const itemNotFound = (): GraphError => refuse(404, "itemNotFound", "The resource could not be found.");
export const invalidRequest = (message: string): GraphError => refuse(400, "invalidRequest", message);
