/** Deliveries of a message: the first, and the retries that `wrangler.toml` allows. */
export const DELIVERIES_MAX = { downloads: 4, wakes: 6 } as const;
