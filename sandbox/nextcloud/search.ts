import { z } from "zod";
import type { VendorRequest } from "../vendor-request.ts";
import type { Account } from "./accounts.ts";
import { filesPrefix, hrefs } from "./place.ts";
import { propertiesOf } from "./properties.ts";
import type { CloudTools } from "./tools.ts";
import { multistatus, plainXml, propertiesAsked, refuse, responseOf } from "./xml.ts";

const RESULTS_DEFAULT = 100;
const OPERATORS_MAX = 100;

const many = <S extends z.ZodType>(schema: S) => z.union([schema.transform((one) => [one]), z.array(schema)]);
const equals = z.object({ prop: z.object({ fileid: z.unknown() }), literal: z.string() });
const searchSchema = z.object({
  searchrequest: z.object({
    basicsearch: z.object({
      from: z.object({ scope: z.object({ href: z.string() }) }),
      where: z.object({ eq: many(equals).optional(), or: z.object({ eq: many(equals) }).optional() }),
      limit: z.object({ nresults: z.coerce.number() }).optional(),
    }),
  }),
});

/** Files by their ids, which is all of Nextcloud's search that is played here. How deep it goes is not heeded, as there. */
export async function search(tools: CloudTools, request: VendorRequest, account: Account): Promise<Response> {
  const body = await request.text();
  const { data } = searchSchema.safeParse(plainXml(body));
  if (data === undefined) refuse(400, "Sabre\\DAV\\Exception\\BadRequest", "Unable to parse search request");
  const { from, where, limit } = data.searchrequest.basicsearch;
  const conditions = [...(where.eq ?? []), ...(where.or?.eq ?? [])];
  if (conditions.length > OPERATORS_MAX)
    refuse(500, "Sabre\\DAV\\Exception", "Invalid search query, maximum operator limit of 100 exceeded");
  const [, files, userId, ...names] = from.scope.href.split("/");
  const scope =
    files === "files" && userId === account.userId
      ? tools.drives.byPath(
          account.no,
          names.filter((name) => name !== ""),
        )
      : undefined;
  if (scope === undefined) refuse(404, "Sabre\\DAV\\Exception\\NotFound", `Search scope ${from.scope.href} not found`);
  const found = conditions
    .flatMap(({ literal }) => tools.drives.live(account.no, account.ids.parse(literal) ?? 0) ?? [])
    .filter((item) => item.n !== scope.n && tools.drives.ancestors(account.no, item).some(({ n }) => n === scope.n))
    .slice(0, limit?.nresults ?? RESULTS_DEFAULT);
  const properties = await propertiesOf(tools, account, found);
  const hrefOf = hrefs(tools, request, account, filesPrefix(account));
  const asked = propertiesAsked(body) ?? [];
  return multistatus(found.map((item) => responseOf(hrefOf(item), asked, properties.get(item.n) ?? new Map(), false)));
}
