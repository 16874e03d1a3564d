const BODILESS = new Set([204, 205, 304]);

/** An answer as data: a body that is no text is written as JSON. */
export type Answer = { status: number; headers: Record<string, string>; body: unknown };

/** A vendor's refusal, thrown by whatever finds the reason and answered by whoever was asked. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`The vendor answers ${answer.status}`);
    this.answer = answer;
  }
}

export function toResponse(answer: Answer): Response {
  if (BODILESS.has(answer.status)) return new Response(null, { status: answer.status, headers: answer.headers });
  const body = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  return new Response(body, { status: answer.status, headers: answer.headers });
}

export function htmlAnswer(status: number, title: string, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { "Content-Type": "text/html; charset=utf-8", ...headers },
    body: `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`,
  };
}
