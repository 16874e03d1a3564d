import type { AppContext, UserEnv } from "../../context.ts";

type AdminAct = "users.listed" | "user.read" | "user.run" | "user.changed" | "status.read" | "letters.listed" | "letters.redriven";

/**
 * Notes what an administrator sees or does of other people's. Called before anything is answered: what cannot be noted is not
 * shown. The one place where it goes into the audit trail.
 */
export function noteAct(c: AppContext<UserEnv>, act: AdminAct, about: { ofUser?: string; search?: boolean; letters?: number } = {}): void {
  c.var.log.info("admin.acted", { act, adminId: c.var.user.id, byToken: c.var.token !== null, ...about });
}
