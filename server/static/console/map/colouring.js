// Which colour each document of the map has, by the values of a metadata field. Pure functions.

export const MAX_CATEGORIES = 8;
const SCALE_STEPS = 16;

/**
 * Return how values are coloured: `groups`, a number for each document, and `entries` for the legend.
 *
 * Many different numbers make a scale: groups 1 to 16 from the least to the greatest. All else makes categories: groups
 * 1 to 8 for the most frequent values. Group 0 is what has another value or none; its entries come last.
 */
export function colour(values) {
  const present = values.filter((value) => value !== null && value !== undefined);
  if (!present.length) return plain(values.length);
  const different = new Set(present.map(keyOf));
  const numbers = present.every((value) => typeof value === "number");
  return numbers && different.size > MAX_CATEGORIES ? bySize(values, present) : byCategory(values, present);
}

/** Return one group for all: no field is chosen, or nobody has it. */
export function plain(count) {
  return { kind: "plain", groups: new Uint8Array(count).fill(1), entries: [{ group: 1, label: "documents", count }] };
}

function byCategory(values, present) {
  const counts = new Map();
  for (const value of present) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
  const ranked = [...counts].sort((one, other) => other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
  const entries = ranked
    .slice(0, MAX_CATEGORIES)
    .map(([key, count], index) => ({ group: index + 1, label: labelOf(key), count }));
  const groupOf = new Map(ranked.slice(0, MAX_CATEGORIES).map(([key], index) => [key, index + 1]));
  const groups = Uint8Array.from(values, (value) =>
    value === null || value === undefined ? 0 : (groupOf.get(keyOf(value)) ?? 0),
  );
  const others = ranked.slice(MAX_CATEGORIES);
  if (others.length) {
    const count = others.reduce((sum, [, one]) => sum + one, 0);
    entries.push({
      group: 0,
      label: `${others.length.toLocaleString("en")} other value${others.length > 1 ? "s" : ""}`,
      count,
    });
  }
  addMissing(entries, values.length - present.length);
  return { kind: "categories", groups, entries };
}

function bySize(values, present) {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of present) [least, greatest] = [Math.min(least, value), Math.max(greatest, value)];
  const stepOf = (value) =>
    1 + Math.min(SCALE_STEPS - 1, Math.floor(((value - least) / (greatest - least)) * SCALE_STEPS));
  const groups = Uint8Array.from(values, (value) => (value === null || value === undefined ? 0 : stepOf(value)));
  const entries = [];
  addMissing(entries, values.length - present.length);
  return { kind: "scale", groups, entries, least, greatest, steps: SCALE_STEPS };
}

function addMissing(entries, count) {
  if (count) entries.push({ group: 0, label: "no value", count });
}

/** Return the value with its kind: the number 1 and the text "1" are two values. */
function keyOf(value) {
  return JSON.stringify(value);
}

function labelOf(key) {
  const value = JSON.parse(key);
  return value === "" ? "(empty)" : String(value);
}
