import { browser } from "$app/env";
import { formatCount } from "#lib/format.ts";

export const ssr = false;

// A browser's first formatter takes it 50 ms, whatever it formats: made while the rest is still under way.
if (browser) formatCount(0);
