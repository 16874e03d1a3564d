import type { AppContext } from "../context.ts";
import { AppError } from "../errors.ts";

/** The page that the UI's router starts from, whatever the address: the build's `fallback.html`. */
const FALLBACK_PATH = "/fallback";

/** Answers a deep link of the UI with its fallback page. Only navigations get it: a missing file is a 404. */
export async function uiFallback(c: AppContext): Promise<Response> {
  return (isNavigation(c) && (await uiPage(c, FALLBACK_PATH))) || nothingHere(c);
}

/** A page of the build; null where it is not there. */
export async function uiPage(c: AppContext, path: string): Promise<Response | null> {
  const page = await c.env.ASSETS.fetch(new URL(path, c.env.ORIGIN));
  if (!page.ok) {
    await page.body?.cancel();
    return null;
  }
  const answer = new Response(c.req.method === "HEAD" ? null : page.body, page);
  // The page brings its own policy for scripts, by their hashes; this adds what only a header can say.
  answer.headers.set("content-security-policy", "frame-ancestors 'none'");
  return answer;
}

function nothingHere(c: AppContext): Response {
  const { code, message, status } = new AppError("request.not_found", "There is nothing here.");
  return c.json({ error: { code, message, requestId: c.var.requestId } }, status);
}

function isNavigation(c: AppContext): boolean {
  if (c.req.method !== "GET" && c.req.method !== "HEAD") return false;
  // Only browsers say what they load it for; Node's fetch says "cors" of whatever it asks.
  const destination = c.req.header("sec-fetch-dest");
  if (destination !== undefined) return destination === "document";
  // A program that follows a sign-in to its page: an address that looks like no file, and any page will do.
  return /text\/html|\*\/\*/.test(c.req.header("accept") ?? "*/*") && !/\.[a-z0-9]+$/i.test(c.req.path);
}
