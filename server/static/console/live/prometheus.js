// Prometheus' text format, read. Pure functions.

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/** Return the samples of an exposition by their name: lists of {labels, value}. */
export function parseMetrics(text) {
  const samples = new Map();
  for (const line of text.split("\n")) {
    if (!line || line.startsWith("#")) continue;
    const match = LINE.exec(line);
    if (!match) continue;
    const [, name, labels, value] = match;
    const sample = { labels: labels ? parseLabels(labels) : {}, value: parseValue(value) };
    const known = samples.get(name);
    if (known) known.push(sample);
    else samples.set(name, [sample]);
  }
  return samples;
}

/** Return the value of the one sample with this name and these labels, NaN where there is none. */
export function valueOf(samples, name, labels = {}) {
  const found = (samples.get(name) ?? []).find((sample) => matches(sample, labels));
  return found ? found.value : Number.NaN;
}

/** Return the sum of all samples with this name that `accepts` says yes to, given their labels. */
export function sumOf(samples, name, accepts = () => true) {
  return (samples.get(name) ?? []).reduce((sum, one) => (accepts(one.labels) ? sum + one.value : sum), 0);
}

/** Return a histogram as {bounds, counts, sum, count}: the bounds of its buckets, and how many lie below each. */
export function histogramOf(samples, name, labels = {}) {
  const buckets = (samples.get(`${name}_bucket`) ?? [])
    .filter((sample) => matches(sample, labels))
    .map(({ labels: { le }, value }) => [parseValue(le), value])
    .sort(([one], [other]) => one - other);
  return {
    bounds: buckets.map(([bound]) => bound),
    counts: buckets.map(([, count]) => count),
    sum: sumOf(samples, `${name}_sum`, (own) => matches({ labels: own }, labels)),
    count: sumOf(samples, `${name}_count`, (own) => matches({ labels: own }, labels)),
  };
}

function matches(sample, labels) {
  return Object.entries(labels).every(([name, value]) => sample.labels[name] === value);
}

function parseLabels(text) {
  const labels = {};
  for (const [, name, value] of text.matchAll(LABEL))
    labels[name] = value.replace(/\\./g, (pair) => ESCAPES[pair] ?? pair);
  return labels;
}

function parseValue(text) {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}
