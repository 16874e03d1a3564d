import type { Codes } from "../oauth/codes.ts";
import type { ApiTokens } from "./api-tokens.ts";
import type { Grants } from "./grants.ts";
import type { Product, ProductTools, RunningProduct } from "./product.ts";

export type AtlassianTools = ProductTools & {
  grants: Grants;
  codes: Codes;
  apiTokens: ApiTokens;
  products: readonly (Product & { running: RunningProduct })[];
};
