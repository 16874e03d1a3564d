/** What a provider alone understands of a sync: plain values by name. */
export type ProviderOptions = Record<string, string | number | boolean | null | string[]>;
