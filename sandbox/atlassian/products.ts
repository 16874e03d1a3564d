import { confluence } from "./confluence/confluence.ts";
import { jira } from "./jira/jira.ts";
import type { Product } from "./product.ts";

/** Every product that sites have. */
export const PRODUCTS: readonly Product[] = [confluence, jira];
