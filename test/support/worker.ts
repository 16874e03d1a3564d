import worker from "../../worker/index.ts";
import { RECEIVER_HOST } from "./receiver.ts";

export { UserSync } from "../soak/object.ts";

/** Mail that is sent to an address is kept by the receiver, under that address. */
const MAIL = {
  async send(mail: unknown) {
    const { to } = mail as { to: string };
    const kept = await fetch(`https://${RECEIVER_HOST}/mail/${to}`, { method: "POST", body: JSON.stringify(mail) });
    if (!kept.ok) throw new Error(`The mail was not taken: ${kept.status}`);
    return { messageId: "test" };
  },
} satisfies SendEmail;

export default { ...worker, queue: (batch, env) => worker.queue(batch, { ...env, MAIL }) } satisfies ExportedHandler<Env>;
