import { join } from "node:path";
import { ROOT } from "../local.ts";

// What the Worker itself says about settings: one truth for both. Loaded by path, since the Worker's types are workerd's.

interface Product {
  /** Throws, in words, where MASTER_KEYS cannot be used. */
  masterKeys: (env: { MASTER_KEYS: string }) => unknown;
  senderOf: (env: { MAIL_FROM: string }) => { name: string; email: string } | null;
  expectedIssuer: (loginUrl: string, tenant: string) => string;
  scopes: readonly string[];
  authorities: readonly { id: string; name: string }[];
}

export async function loadProduct(): Promise<Product> {
  const files = [
    "keyring.ts",
    "auth/authorities/microsoft-token.ts",
    "providers/registry.ts",
    "auth/authorities/registry.ts",
    "notices/sender.ts",
  ];
  const [{ masterKeys }, { expectedIssuer }, { providers }, { authorities }, { senderOf }] = await Promise.all(
    files.map((file) => import(join(ROOT, "worker", file))),
  );
  return {
    masterKeys,
    senderOf,
    expectedIssuer,
    scopes: providers.get("onedrive").methods[0].scopes,
    authorities: [...authorities.values()],
  };
}
