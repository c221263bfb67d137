// The texts of documents, asked for one at a time and kept, so that a pointer that wanders asks for little.

import { inCollection } from "../api.js";

const MAX_KEPT = 500;

/** Return {read(id), known(id)} for a collection; `read` resolves with {text, metadata} of a document. */
export function documentTexts(api, collection) {
  const kept = new Map();
  return {
    known: (id) => kept.get(id)?.found ?? null,
    read(id) {
      const known = kept.get(id);
      if (known) return known.asked;
      const entry = { found: null, asked: null };
      // An id may hold what a path cannot, so it goes as a parameter.
      entry.asked = api.get(inCollection(collection, "index"), { query: { id } }).then(
        (found) => {
          entry.found = found;
          return found;
        },
        (error) => {
          kept.delete(id);
          throw error;
        },
      );
      kept.set(id, entry);
      if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
      return entry.asked;
    },
  };
}

/** Return a text in one line, at most so long. */
export function shortened(text, most) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1).trimEnd()}…` : line;
}
