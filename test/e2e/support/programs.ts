import { existsSync } from "node:fs";

/** Why a program of Debian's can not be used here; undefined where it can. In CI that is a failure. */
export function programMissing(path: string, debianPackage: string): string | undefined {
  if (existsSync(path)) return undefined;
  const reason = `There is no ${path}. Install it with: apt-get install -y ${debianPackage}`;
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}
