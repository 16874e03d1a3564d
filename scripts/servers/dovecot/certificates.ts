import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// An authority of the tests' own and what it vouches for. workerd trusts what it is told at its start, so that this is to be
// imported before the plugin that starts it.

const OPENSSL = "/usr/bin/openssl";

export interface Certificates {
  /** Of localhost, by the authority that workerd trusts. */
  trusted: { cert: string; key: string };
}

export const certificates: Certificates | null = existsSync(OPENSSL) ? make() : null;

function make(): Certificates {
  const dir = mkdtempSync(join(tmpdir(), "authority-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  const path = (name: string) => join(dir, name);
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"];
  const openssl = (...args: string[]) => execFileSync(OPENSSL, args, { stdio: ["ignore", "pipe", "ignore"] });
  openssl(...request, "-subj", "/CN=Tests", "-keyout", path("ca.key"), "-out", path("ca.pem"), "-addext", "keyUsage=keyCertSign");
  const server = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"];
  openssl(...request, ...server, "-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-keyout", path("key.pem"), "-out", path("cert.pem"));
  process.env["NODE_EXTRA_CA_CERTS"] = path("ca.pem");
  const read = (name: string) => readFileSync(path(name), "utf8");
  return { trusted: { cert: read("cert.pem"), key: read("key.pem") } };
}
