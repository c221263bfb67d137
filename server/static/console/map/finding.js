// A query on the map: it is embedded and searched for, and stands among the documents with its hits.

import { isAborted } from "../errors.js";
import { find } from "./loading.js";

/**
 * Return `find(query)`, `shown()` and `forget()`.
 *
 * Of what it is given, `projection()` is that of the map, and `rest()` is called where no query is shown any more.
 */
export function finder({ api, state, announce, map, side, note, projection, rest }) {
  const own = { asking: null, found: null };

  async function ask(query) {
    own.asking?.abort();
    if (!query || !projection()) return clear();
    const { signal } = (own.asking = new AbortController());
    try {
      show(await find(api, state.get("collection"), query, projection(), signal));
      note.clear();
    } catch (error) {
      if (!isAborted(error)) note.problem(error, { covers: false });
    }
  }

  function show(found) {
    own.found = found;
    const places = new Map(projection().ids.map((id, point) => [id, point]));
    const hits = found.hits
      .filter(({ id }) => places.has(id))
      .map(({ id, score, snippet }) => ({ point: places.get(id), id, score, text: snippet.text }));
    map.showFound({ x: found.x, y: found.y, points: hits.map(({ point }) => point) });
    side.showList(`Nearest to “${found.query}”`, hits);
    announce(`${hits.length} documents near “${found.query}”`);
  }

  function clear() {
    own.found = null;
    map.showFound(null);
    rest();
  }

  return {
    find: ask,
    shown: () => own.found !== null,
    forget() {
      own.asking?.abort();
      own.found = null;
    },
  };
}
