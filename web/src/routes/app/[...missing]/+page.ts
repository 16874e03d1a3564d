import { error } from "@sveltejs/kit";

/** What no other page of the app is: said inside of it. */
export function load(): never {
  error(404);
}
