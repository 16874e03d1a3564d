// What the change stream says of an item.

export const CHANGE_TYPES = ["created", "content", "metadata", "moved", "removed"] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];
