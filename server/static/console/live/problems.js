// What could not be asked of the server, for as long as it cannot be.

import { el, fill } from "../elements.js";
import { wordsOf } from "../errors.js";
import { failure } from "../search/failure.js";

/** Return `{node, set(name, error)}`: the error of one task, or null once it went well. */
export function problemList() {
  const node = el("div", {});
  const errors = new Map();
  let said = "";
  return {
    node,
    set(name, error) {
      errors.set(name, error);
      const shown = different([...errors.values()]);
      const words = JSON.stringify(shown.map(wordsOf));
      // What stands there already is not said again to those who hear the page.
      if (words === said) return;
      said = words;
      fill(node, shown.map(failure));
    },
  };
}

/** Return the errors that say different things, each once. */
export function different(errors) {
  const byWords = new Map();
  for (const error of errors) if (error) byWords.set(JSON.stringify(wordsOf(error)), error);
  return [...byWords.values()];
}
