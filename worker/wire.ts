// The shapes of the API's resources: what routes validate and answer, and what the UI's client is typed by.
export * from "./wire/common.ts";
export * from "./wire/me.ts";
export * from "./wire/connections.ts";
export * from "./wire/rules.ts";
export * from "./wire/runs.ts";
export * from "./wire/syncs.ts";
export * from "./wire/items.ts";
export * from "./wire/overview.ts";
