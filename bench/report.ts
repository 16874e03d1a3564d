// Figures, and how they are printed.

export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** The most that it should be. */
  goal?: number;
  note?: string;
}

export interface Section {
  title: string;
  figures: Figure[];
  /** Everything that was counted, for the file. */
  details?: unknown;
}

export function isMet({ value, goal }: Figure): boolean | null {
  return goal === undefined ? null : value <= goal;
}

export function table(sections: readonly Section[]): string {
  const rows = sections.flatMap(({ title, figures }) => [
    [`**${title}**`, "", "", ""],
    ...figures.map((figure) => [
      `${figure.name}${figure.note === undefined ? "" : ` (${figure.note})`}`,
      `${shown(figure.value)} ${figure.unit}`.trim(),
      figure.goal === undefined ? "" : `≤ ${shown(figure.goal)}`,
      verdict(figure),
    ]),
  ]);
  const all = [["figure", "value", "goal", ""], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function verdict(figure: Figure): string {
  const met = isMet(figure);
  return met === null ? "" : met ? "ok" : "missed";
}

/** Three digits that count. */
function shown(value: number): string {
  if (value === 0) return "0";
  const digits = Math.abs(value) >= 100 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return String(Number(value.toFixed(digits)));
}
