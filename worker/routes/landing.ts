import { Hono } from "hono";
import type { AppContext, AppEnv } from "../context.ts";
import { authorities } from "../auth/authorities/registry.ts";
import { safeReturnTo } from "../auth/return-to.ts";
import { signedIn } from "../auth/session.ts";
import { uiPage } from "./ui.ts";

// The start page is built once, and has no script of its own: what differs between readers is filled in here, so it is
// there with the first byte. The built page shows what nearly every installation offers to somebody who is not signed in.

/** GET /: the start page, with who can sign in here, and the way on for who has. */
export const landingRoutes = new Hono<AppEnv>().get("/", async (c) => {
  const page = await uiPage(c, "/");
  if (page === null) return c.notFound();
  const answer = new HTMLRewriter()
    .on("[data-when]", new Parts(await factsOf(c)))
    .on("a[data-way-on]", new WaysOn(wayOn(c)))
    .transform(page);
  answer.headers.set("cache-control", "private, no-store");
  answer.headers.delete("etag");
  // With what the session has set: its cookie, where that was made to last longer.
  return c.newResponse(answer.body, answer);
});

/** What holds for this reader, in the words of the page's `data-when`. */
async function factsOf(c: AppContext): Promise<Set<string>> {
  if ((await signedIn(c, Date.now())) !== null) return new Set(["signed-in", "first"]);
  const offered = [...authorities.values()].filter((one) => one.identity && one.client(c.env) !== null);
  const facts = ["signed-out", ...offered.map(({ id }) => `sign-in-${id}`)];
  facts.push(c.req.query("return_to") === undefined ? "first" : "asked");
  if (c.req.query("ended") !== undefined) facts.push("ended");
  return new Set(facts);
}

/** Where the reader wanted to be: a page of the app, else its overview. */
function wayOn(c: AppContext): string {
  const path = safeReturnTo(c.env.ORIGIN, c.req.query("return_to"));
  return /^\/app(?=[/?#]|$)/.test(path) ? path : "/app";
}

class Parts {
  readonly #facts: ReadonlySet<string>;

  constructor(facts: ReadonlySet<string>) {
    this.#facts = facts;
  }

  element(part: Element): void {
    if (!this.#facts.has(part.getAttribute("data-when") ?? "")) return void part.remove();
    part.removeAttribute("data-when").removeAttribute("hidden");
  }
}

class WaysOn {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  element(link: Element): void {
    const authority = link.getAttribute("data-way-on");
    link.removeAttribute("data-way-on");
    link.setAttribute("href", authority === "" ? this.#path : `/auth/${authority}/login?return_to=${encodeURIComponent(this.#path)}`);
  }
}
