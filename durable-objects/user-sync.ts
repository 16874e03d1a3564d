import { DurableObject } from "cloudflare:workers";

export class UserSync extends DurableObject<Env> {}
