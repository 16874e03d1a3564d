import type { Tone } from "../words.ts";
import type { IconName } from "./icons.ts";

/** How a tone looks where it stands before a sentence. */
export const TONE_ICONS: Record<Tone, IconName> = { calm: "minus", active: "waves", good: "check", warn: "alert", bad: "alert" };
export const TONE_COLOURS: Record<Tone, string> = {
  calm: "text-muted",
  active: "text-tide",
  good: "text-good",
  warn: "text-warn",
  bad: "text-bad",
};
