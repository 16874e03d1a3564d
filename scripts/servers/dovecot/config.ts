import { execFileSync } from "node:child_process";
import { userInfo } from "node:os";
import { join } from "node:path";

/** Where a Dovecot of the tests' own lives, and what it listens on. */
export interface DovecotPlace {
  dir: string;
  plainPort: number;
  tlsPort: number;
}

/** Whom mails belong to, and who runs the parts: whoever runs the tests; nobody in particular where that is root, to whom no mail may belong. */
export function mailOwner(): { user: string; group: string; uid: number; gid: number } {
  const { uid, gid, username } = userInfo();
  if (uid === 0) return { user: "nobody", group: "nogroup", uid: 65_534, gid: 65_534 };
  return { user: username, group: execFileSync("id", ["-gn"], { encoding: "utf8" }).trim(), uid, gid };
}

/** A Dovecot that keeps everything below one folder. Mails are in `mail/{user}`. */
export function dovecotConfig({ dir, plainPort, tlsPort }: DovecotPlace): string {
  const { user, group, uid, gid } = mailOwner();
  return `
protocols = imap
listen = 127.0.0.1
base_dir = ${join(dir, "run")}
state_dir = ${join(dir, "state")}
log_path = ${join(dir, "dovecot.log")}
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
mail_location = sdbox:~/mail
ssl = yes
ssl_cert = <${join(dir, "cert.pem")}
ssl_key = <${join(dir, "key.pem")}
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
disable_plaintext_auth = no
service imap-login {
  chroot =
  inet_listener imap {
    port = ${plainPort}
  }
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
}
service anvil {
  chroot =
  # Else each wrong password slows down whoever comes next from this machine.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${join(dir, "oauth2.conf")}
}
passdb {
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN username_format=%u ${join(dir, "accounts")}/%u
}
userdb {
  driver = passwd-file
  args = username_format=%u ${join(dir, "accounts")}/%u
  default_fields = uid=${uid} gid=${gid} home=${join(dir, "mail")}/%u
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    special_use = \\Sent
    auto = create
  }
  mailbox Junk {
    special_use = \\Junk
    auto = create
  }
  mailbox Trash {
    special_use = \\Trash
    auto = create
  }
}
`;
}

/** An access token is worth what the address says; the name is the account that it is of. */
export function oauthConfig(tokenInfoUrl: string): string {
  return `
introspection_mode = get
introspection_url = ${tokenInfoUrl}?token=
username_attribute = email
active_attribute = active
active_value = true
`;
}
