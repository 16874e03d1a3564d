// Everything that the app says, in English, a file for each part of it: a page then loads the words of its parts, and no others.
// What depends on a value is a function of it.

export { files } from "./en/files.ts";
export { shell } from "./en/shell.ts";
export { palette } from "./en/palette.ts";
export { shortcuts } from "./en/shortcuts.ts";
export { missing } from "./en/missing.ts";
export { broken } from "./en/broken.ts";
export { overview } from "./en/overview.ts";
export { attention } from "./en/attention.ts";
export { source } from "./en/source.ts";
export { chart } from "./en/chart.ts";
export { activity } from "./en/activity.ts";
export { item } from "./en/item.ts";
export { landing } from "./en/landing.ts";
export { legal } from "./en/legal.ts";
export { list } from "./en/list.ts";
export { schedule } from "./en/schedule.ts";
export { cron } from "./en/cron.ts";
export { filters } from "./en/filters.ts";
export { preview } from "./en/preview.ts";
export { failures } from "./en/failures.ts";
export { runs } from "./en/runs.ts";
export { receipt } from "./en/receipt.ts";
export { held } from "./en/held.ts";
export { notifications } from "./en/notifications.ts";
export { admin } from "./en/admin.ts";
export { settings } from "./en/settings.ts";
export { choose } from "./en/choose.ts";
export { keeping } from "./en/keeping.ts";
export { connection } from "./en/connection.ts";
export { reconnect } from "./en/reconnect.ts";
export { syncSettings } from "./en/syncSettings.ts";
export { newSync } from "./en/newSync.ts";
export { picker } from "./en/picker.ts";
export { sync } from "./en/sync.ts";
