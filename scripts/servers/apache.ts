import { createHash } from "node:crypto";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, makeFolder, PASSWORD, requireProgram, type RunningServer, startServer, USER } from "./server.ts";

export const APACHE = "/usr/sbin/apache2";
export const APACHE_PACKAGE = "apache2-bin";
const MODULES = "/usr/lib/apache2/modules";
const MODULE_NAMES = ["mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "mime", "dav", "dav_fs"];
/** Debian's www-data: what Apache reads the files as where it is started as root, as which it would not serve. */
const WWW_DATA = { uid: 33, gid: 33 };

/** Apache's mod_dav over a folder of its own, behind a password. */
export async function startApache(): Promise<RunningServer> {
  requireProgram(APACHE, APACHE_PACKAGE);
  const owner = process.getuid?.() === 0 ? WWW_DATA : undefined;
  const scratch = makeFolder("apache", owner);
  const folder = join(scratch, "files");
  mkdirSync(folder);
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const port = await freePort();
  const digest = createHash("sha1").update(PASSWORD).digest("base64");
  writeFileSync(join(scratch, "passwords"), `${USER}:{SHA}${digest}\n`);
  writeFileSync(join(scratch, "apache.conf"), configuration(scratch, folder, port, owner !== undefined));
  const server = { url: `http://127.0.0.1:${port}/`, user: USER, password: PASSWORD, folder };
  return startServer([APACHE, "-d", scratch, "-f", join(scratch, "apache.conf"), "-DFOREGROUND"], server, scratch);
}

function configuration(scratch: string, folder: string, port: number, isRoot: boolean): string {
  return `
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${scratch}/apache.pid
DefaultRuntimeDir ${scratch}
ErrorLog ${scratch}/errors.log
LogLevel error
${MODULE_NAMES.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
${isRoot ? "User www-data\nGroup www-data" : ""}
StartServers 1
TypesConfig /dev/null
AddType text/plain .txt
DavLockDB ${scratch}/locks
DocumentRoot ${folder}
<Directory ${folder}>
  Dav On
  AuthType Basic
  AuthName "Files"
  AuthUserFile ${scratch}/passwords
  Require valid-user
</Directory>
`;
}
