export const runs = {
  bars: (count: string) => `The last ${count} runs`,
  measure: "What the bars show",
  measures: { files: "Files", bytes: "Size", duration: "Duration" },
  most: (value: string) => `Tallest: ${value}`,
};
