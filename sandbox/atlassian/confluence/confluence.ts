import type { Call, Product, ProductTools, RunningProduct } from "../product.ts";
import { notFound } from "./answers.ts";
import type { ConfluenceTools } from "./context.ts";
import { controlRoutes } from "./control.ts";
import { CONFLUENCE_FAULTS } from "./fault-table.ts";
import { changeSomething, fill } from "./starter.ts";
import { createStore } from "./store.ts";
import { answerV1, routeV1 } from "./v1.ts";
import { answerV2, routeV2 } from "./v2.ts";

/** Those of the API v2, and those of what of the API v1 the other has no equivalent of. */
const SCOPES = [
  "read:space:confluence",
  "read:page:confluence",
  "read:attachment:confluence",
  "read:folder:confluence",
  "read:whiteboard:confluence",
  "read:database:confluence",
  "read:embed:confluence",
  "read:content-details:confluence",
  "search:confluence",
  "readonly:content.attachment:confluence",
  "read:confluence-user",
];

/** Spaces, pages with their versions and attachments, search; to be read. Written by control calls alone. */
export const confluence: Product = {
  name: "confluence",
  scopes: SCOPES,
  owns: (path) => path.startsWith("/wiki/"),
  faultKinds: CONFLUENCE_FAULTS,
  start,
};

function start(shared: ProductTools): RunningProduct {
  const tools: ConfluenceTools = { ...shared, store: createStore(shared.db, shared.accounts, shared.now) };
  return {
    answer: (call: Call) => {
      if (call.path.startsWith("/wiki/api/v2/")) return answerV2(tools, call);
      return call.path.startsWith("/wiki/rest/api/") ? answerV1(tools, call) : notFound();
    },
    route: (path) => routeV2(path) ?? routeV1(path) ?? "(unknown)",
    fill: (site) => fill(tools, site),
    changeSomething: (site) => changeSomething(tools, site),
    control: controlRoutes(tools),
  };
}
