import type { AuditAction } from "../../audit.ts";
import { recordAdmin } from "../../auth/record.ts";
import type { AppContext, UserEnv } from "../../context.ts";

/** What is done about one user, as their own audit trail tells them. */
const ACTS = { "user.read": "admin.read", "user.changed": "admin.changed", "user.run": "admin.ran" } as const satisfies Record<
  string,
  AuditAction
>;
type ActOnUser = keyof typeof ACTS;
type ActOnAll = "users.listed" | "status.read" | "letters.listed" | "letters.redriven";

/** Logs what an administrator sees or does of everybody's. Called before anything is answered: what cannot be noted is not shown. */
export function noteAct(c: AppContext<UserEnv>, act: ActOnAll, about: { search?: boolean; letters?: number } = {}): void {
  log(c, act, about);
}

/** The same of one user's, who finds it in their audit trail. */
export async function noteActOn(c: AppContext<UserEnv>, userId: string, act: ActOnUser): Promise<void> {
  log(c, act, { ofUser: userId });
  await recordAdmin(c, userId, ACTS[act]);
}

function log(c: AppContext<UserEnv>, act: ActOnUser | ActOnAll, about: object): void {
  c.var.log.info("admin.acted", { act, adminId: c.var.user.id, byToken: c.var.token !== null, ...about });
}
