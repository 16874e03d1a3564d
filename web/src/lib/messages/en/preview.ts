import { formatCount } from "../../format.ts";

export const preview = {
  title: "What these rules keep",
  nothingKnown: "Nothing is known of it yet: after the first listing it can be told.",
  kept: (kept: string, total: string) => `${kept} kept, of ${total}.`,
  added: (amount: string) => `${amount} would come in.`,
  dropped: (amount: string) => `${amount} would go, and stay restorable for a while.`,
  same: "Nothing would change.",
  held: "So much would go at once that it is held until you decide.",
  more: (files: number) => `and ${formatCount(files)} more`,
};
