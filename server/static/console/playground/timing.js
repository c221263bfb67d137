// The header server-timing, read. Pure functions.

const NAMES = { queue: "waited", tokenize: "tokenized", inference: "computed", search: "searched", index: "held up" };

/** Return [{name, label, ms}] of a header such as `queue;dur=0.1, inference;dur=2.5` (W3C Server Timing). */
export function parseTiming(header) {
  const found = [];
  for (const entry of (header ?? "").split(",")) {
    const [name, ...parameters] = entry.split(";").map((part) => part.trim());
    const duration = parameters.find((one) => /^dur\s*=/i.test(one));
    if (!name || !duration) continue;
    const ms = Number(duration.split("=")[1].replaceAll('"', ""));
    if (Number.isFinite(ms)) found.push({ name, label: NAMES[name] ?? name, ms });
  }
  return found;
}

/** Return the sum of the parts, in milliseconds. */
export function total(parts) {
  return parts.reduce((sum, one) => sum + one.ms, 0);
}

/** Write milliseconds with the digits that tell something. */
export function writeMs(ms) {
  if (ms === 0) return "0 ms";
  if (ms < 0.01) return "< 0.01 ms";
  return `${ms.toFixed(ms < 1 ? 2 : ms < 100 ? 1 : 0)} ms`;
}
