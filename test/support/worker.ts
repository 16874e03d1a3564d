export { UserSync } from "../soak/object.ts";
export { default } from "../../worker/index.ts";
