export { UserSync } from "../durable-objects/user-sync.ts";
export default { fetch: () => new Response("ok") };
