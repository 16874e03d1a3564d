import type { AuditAction } from "../audit.ts";
import type { AppContext, AppEnv, UserEnv } from "../context.ts";
import { accounts } from "../db/client.ts";
import type { AuditRecord } from "../db/audit.ts";
import { recordAudit } from "../db/audit.ts";

// What a request did, for the audit trail. A deed whose record fails is answered as a failure: it does not go unnoticed.

/** The id of what it was done to, and what that was called. */
interface Subject {
  target?: string | null;
  name?: string | null;
}

/** Records what the signed-in user, or their program, did. */
export async function record(c: AppContext<UserEnv>, action: AuditAction, subject: Subject = {}): Promise<void> {
  await recordAudit(accounts(c.env), recordOf(c, action, subject));
}

/** The record itself, where it goes in one transaction with what it is about. */
export function recordOf(c: AppContext<UserEnv>, action: AuditAction, subject: Subject = {}): AuditRecord {
  const { user, token, sessionId } = c.var;
  return { userId: user.id, actor: token ? `token:${token.id}` : `session:${sessionId}`, action, ...subject, ...callerOf(c) };
}

/** Records what was done by a sign-in, or a sign-out: of whoever has this session. */
export async function recordSession<E extends AppEnv>(
  c: AppContext<E>,
  { userId, sessionId }: { userId: string; sessionId: string },
  action: AuditAction,
  subject: Subject = {},
): Promise<void> {
  await recordAudit(accounts(c.env), { userId, actor: `session:${sessionId}`, action, ...subject, ...callerOf(c) });
}

/** Records in another user's trail what an administrator did. */
export async function recordAdmin(c: AppContext<UserEnv>, userId: string, action: AuditAction): Promise<void> {
  await recordAudit(accounts(c.env), { userId, actor: `admin:${c.var.user.id}`, action, ...callerOf(c) });
}

function callerOf<E extends AppEnv>(c: AppContext<E>): Pick<AuditRecord, "at" | "ip" | "userAgent"> {
  return { at: Date.now(), ip: c.req.header("cf-connecting-ip") ?? null, userAgent: c.req.header("user-agent") ?? null };
}
