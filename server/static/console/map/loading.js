// What the map asks of the server.

import { inCollection } from "../api.js";
import { project } from "./projecting.js";

const SAMPLE = 200;
// The server counts at most so many fields at once.
const MAX_FIELDS = 16;
const MAX_HITS = 20;
const SNIPPET_CHARACTERS = 90;
const FORBIDDEN = 403;

/** Return the metadata fields that a collection's documents have: {name, distinct}, as far as a sample shows them. */
export async function readFields(api, collection, signal) {
  const query = { limit: SAMPLE, fields: "metadata" };
  const { documents } = await api.get(inCollection(collection, "index"), { query, signal });
  const counts = new Map();
  for (const { metadata } of documents) {
    for (const [name, value] of Object.entries(metadata ?? {}))
      if (isPlain(value)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const names = [...counts]
    .sort((one, other) => other[1] - one[1])
    .map(([name]) => name)
    .slice(0, MAX_FIELDS);
  if (!names.length) return [];
  const { facets } = await api.post(inCollection(collection, "index/facets"), { fields: names, limit: 1 }, { signal });
  return names.map((name) => ({ name, distinct: facets[name].distinct })).filter(({ distinct }) => distinct > 0);
}

/** Whether a map is coloured by such a value; lists and objects have no colour. */
function isPlain(value) {
  return ["boolean", "number", "string"].includes(typeof value);
}

/** Return the field that tells most at a glance: a few values, as near to five as there is; null where none has few. */
export function bestField(fields, documents) {
  const few = fields.filter(({ distinct }) => distinct > 1 && distinct <= 12 && distinct < documents);
  few.sort((one, other) => Math.abs(one.distinct - 5) - Math.abs(other.distinct - 5));
  return few[0]?.name ?? null;
}

/** Return where a collection's documents stand, as typed arrays, with the values of a field where one is named. */
export async function readProjection(api, collection, field, signal) {
  const body = field ? { field } : {};
  const found = await api.post(inCollection(collection, "index/projection"), body, { signal });
  return { ...found, xs: Float32Array.from(found.x), ys: Float32Array.from(found.y), values: found.values ?? [] };
}

/**
 * Embed a query and search for it: its place on the map, and the hits with their scores, best first. `x` and `y` are null
 * where the key allows to search and not to embed.
 */
export async function find(api, collection, query, projection, signal) {
  const search = {
    query,
    mode: "vector",
    top_k: MAX_HITS,
    threshold: -1,
    fields: ["id", "score"],
    snippet: { max_characters: SNIPPET_CHARACTERS },
  };
  const [embedded, hits] = await Promise.all([
    api.post("embed", { texts: [query] }, { signal }).catch(unlessForbidden),
    api.post(inCollection(collection, "search"), search, { signal }),
  ]);
  const vector = embedded?.embeddings[0];
  const [x, y] = vector ? project(vector, projection.mean, projection.components) : [null, null];
  return { query, x, y, hits };
}

function unlessForbidden(error) {
  if (error.status !== FORBIDDEN) throw error;
  return null;
}
