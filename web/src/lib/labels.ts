// Labels as lines of text: "name: value", one a line. Pure.
import { m } from "./messages.ts";

export function labelsToText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

/** The labels, or what is wrong with the text. */
export function textToLabels(text: string): { labels: Record<string, string> } | { problem: string } {
  const labels: Record<string, string> = {};
  for (const line of text.split("\n").map((part) => part.trim())) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    const name = (colon < 0 ? line : line.slice(0, colon)).trim();
    if (name === "") return { problem: m.syncSettings.labelNameless(line) };
    if (Object.hasOwn(labels, name)) return { problem: m.syncSettings.labelTwice(name) };
    labels[name] = colon < 0 ? "" : line.slice(colon + 1).trim();
  }
  return { labels };
}
