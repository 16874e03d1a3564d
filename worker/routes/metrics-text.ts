// Numbers in Prometheus's text format. No I/O.

/** One gauge, with a sample for each different set of labels. Names are of small letters, digits and `_`. */
export interface Metric {
  name: string;
  help: string;
  samples: readonly { labels: Readonly<Record<string, string>>; value: number }[];
}

/** What has no sample is left out. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(textOf)
    .join("");
}

function textOf({ name, help, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelsOf(labels)} ${value}`);
  return [`# HELP ${name} ${escape(help)}`, `# TYPE ${name} gauge`, ...lines, ""].join("\n");
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escape(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
