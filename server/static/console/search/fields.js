// Which fields the documents of a collection have, and how often each value stands in them under the filters in force.

import { filterOf, isEmpty, replaced } from "./filter.js";

const SAMPLE = 100;
const ROUNDS = 5;
const MOST_FIELDS = 16; // of one request
export const SHOWN_VALUES = 8;
// Fields that tell one document from another, by which hardly anybody filters.
export const LAST = new Set(["modified", "title", "name", "file", "path", "source", "hash"]);
const FAR = 1e9;

/**
 * Return `{names, lists}`: the fields that documents have, and of these the ones that have lists. The server has no list
 * of them. So some documents are looked at, then some that lack a field which all of these have, and so on.
 */
export async function fieldsOf(api, path, signal) {
  const counts = new Map();
  const lists = new Set();
  let seen = 0;
  let common = null;
  for (let round = 0; round < ROUNDS && common?.length !== 0; round += 1) {
    const filter = common && JSON.stringify({ $or: common.map((name) => ({ [name]: { $exists: false } })) });
    const query = { fields: "metadata", limit: String(SAMPLE), ...(filter ? { filter } : {}) };
    const { documents } = await api.get(path("index"), { signal, query });
    if (!documents.length) break;
    for (const { metadata } of documents) note(metadata, counts, lists);
    seen += documents.length;
    common = [...counts.keys()].filter((name) => counts.get(name) === seen).slice(0, MOST_FIELDS);
  }
  const names = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a)).slice(0, MOST_FIELDS);
  return { names, lists };
}

function note(metadata, counts, lists) {
  for (const [name, value] of Object.entries(metadata)) {
    if (name.startsWith("$") || !isComparable(value)) continue;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (Array.isArray(value)) lists.add(name);
  }
}

/**
 * Return the facets by their fields. Those of a field that has a condition are counted without it, so that one sees
 * which other values there would be.
 */
export async function facetsOf(api, path, { names, lists }, conditions, signal) {
  const own = names.filter((name) => !isEmpty(conditions[name]));
  const others = names.filter((name) => isEmpty(conditions[name]));
  const count = async (fields, some) => {
    if (!fields.length) return {};
    const filter = filterOf(some, lists);
    const body = { fields, limit: SHOWN_VALUES, ...(filter ? { filter } : {}) };
    return (await api.post(path("index/facets"), body, { signal })).facets;
  };
  const found = await Promise.all([
    count(others, conditions),
    ...own.map((name) => count([name], replaced(conditions, name, undefined))),
  ]);
  return Object.assign({}, ...found);
}

/** Put the fields first that have few values: with one value for each document nothing is chosen, nor by titles. */
export function ordered(names, facets, documents) {
  const cost = (name) => {
    const { distinct = 0 } = facets[name] ?? {};
    const isUnique = distinct >= Math.max(documents * 0.8, 2);
    return distinct + (isUnique ? FAR : 0) + (LAST.has(name) ? 2 * FAR : 0);
  };
  return [...names].sort((a, b) => cost(a) - cost(b));
}

function isComparable(value) {
  if (Array.isArray(value)) return value.some((one) => one !== null && typeof one !== "object");
  return value !== null && typeof value !== "object";
}
