import { redirect } from "@sveltejs/kit";

/** Where the settings were once; links that people kept go on working. */
export function load(): never {
  redirect(307, "/app/settings");
}
