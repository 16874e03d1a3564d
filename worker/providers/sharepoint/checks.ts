import { asProviderError } from "../errors.ts";
import { type Got, getEach } from "../microsoft-graph/batch.ts";
import type { Graph } from "../microsoft-graph/graph.ts";
import type { Check } from "../provider.ts";
import type { Page } from "./api.ts";
import type { FoundSite } from "./sites.ts";
import { followedSites, librariesPath, searchSites } from "./sites.ts";

// What this connection may do, each permission by what it is for. Graph's tokens are not to be read: it is tried.

const SITES_LOOKED_AT_MAX = 20;
/** The tenant's first site, which nearly everybody in it may open. */
const ROOT_SITE = "root";
const ASK_ADMIN =
  "Connect the account again and allow it; where the organisation keeps that to administrators, the sign-in page has the link to send to one.";

export async function checks(graph: Graph): Promise<Check[]> {
  const [followed, search] = await Promise.all([attempt(() => followedSites(graph, null)), attempt(() => searchSites(graph, "*", null))]);
  const sites: FoundSite[] = [...("found" in followed ? followed.found : []), ...("found" in search ? search.found : [])];
  const looked = [...new Set(sites.map(({ id }) => id))].slice(0, SITES_LOOKED_AT_MAX);
  const libraries = await getEach(graph, (looked.length > 0 ? looked : [ROOT_SITE]).map(librariesPath));
  const readable = libraries.some(has);
  return [
    {
      name: "Followed sites (Sites.Read.All)",
      ok: "found" in followed || readable,
      message:
        "found" in followed
          ? `You follow ${counted(followed.found.length, followed.next !== null)}. Others are found by searching.`
          : `Not listed: ${followed.why} ${readable ? "Libraries can still be picked by searching, or by their addresses." : ASK_ADMIN}`,
    },
    {
      name: "Search over all sites (Sites.Read.All)",
      ok: "found" in search || readable,
      message:
        "found" in search
          ? "Every site that you may open can be found."
          : `Not allowed: ${search.why} ${readable ? "Libraries can still be picked by their addresses." : ASK_ADMIN}`,
    },
    {
      name: "Libraries (Files.Read.All or Sites.Read.All)",
      ok: readable,
      message: readable ? librariesRead(libraries) : `No library of these sites could be read. ${whyNot(libraries)} ${ASK_ADMIN}`,
    },
  ];
}

type Attempt = { found: FoundSite[]; next: string | null } | { why: string };

/** Only a refusal is an outcome; a connection that does not work is thrown. */
async function attempt(call: () => Promise<{ found: FoundSite[]; next: string | null }>): Promise<Attempt> {
  try {
    return await call();
  } catch (error) {
    const { kind, message } = asProviderError(error);
    if (kind === "forbidden" || kind === "not_found" || kind === "unsupported") return { why: message };
    throw error;
  }
}

function counted(sites: number, more: boolean): string {
  if (more) return `more than ${sites} sites`;
  return sites === 1 ? "one site" : `${sites} sites`;
}

function has(got: Got): boolean {
  return "body" in got && ((got.body as Page | null)?.value?.length ?? 0) > 0;
}

function librariesRead(libraries: readonly Got[]): string {
  const refused = libraries.filter((got) => "refused" in got).length;
  return refused === 0
    ? "The libraries of these sites can be read."
    : `The libraries of ${libraries.length - refused} sites can be read; ${refused} are refused to you, or locked or archived.`;
}

function whyNot(libraries: readonly Got[]): string {
  const refused = libraries.find((got) => "refused" in got);
  return refused === undefined ? "They have none." : refused.refused.message;
}
