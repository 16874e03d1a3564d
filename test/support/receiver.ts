// What receives webhooks, and mail, in tests of the Worker: it keeps what came by its path, and answers as it was told to.

export const RECEIVER_HOST = "hooks.test";

/** One request that came. */
export interface Received {
  headers: Record<string, string>;
  body: string;
}

/** What it answers for as long as `times` says; 200 otherwise. */
export interface Answer {
  status: number;
  body?: string;
  headers?: Record<string, string>;
  times?: number;
}

const received = new Map<string, Received[]>();
const answers = new Map<string, Answer[]>();

/** POST is what a receiver is sent; PUT tells it what to answer, GET asks what came. */
export async function answerReceiver(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "GET") return Response.json(received.get(pathname) ?? []);
  if (request.method === "PUT") {
    answers.set(pathname, [(await request.json()) as Answer]);
    return new Response(null, { status: 204 });
  }
  const came = { headers: Object.fromEntries(request.headers), body: await request.text() };
  received.set(pathname, [...(received.get(pathname) ?? []), came]);
  const [answer] = answers.get(pathname) ?? [];
  if (!answer) return new Response("ok");
  answer.times = (answer.times ?? Infinity) - 1;
  if (answer.times <= 0) answers.delete(pathname);
  return new Response(answer.body ?? "", { status: answer.status, headers: answer.headers ?? {} });
}
