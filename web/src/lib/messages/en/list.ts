/** "a", "a and b", "a, b and c". */
export const list = (parts: readonly string[]) => new Intl.ListFormat("en", { type: "conjunction" }).format(parts);
