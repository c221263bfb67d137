// Knows which fields the documents of the collection have, and which of these have lists.

import { fieldsOf } from "./fields.js";
import { latest } from "./latest.js";

const NOTHING = { names: [], lists: new Set() };

/**
 * Return `{fields, learn, forget}`. `learn()` asks the server, and until it has answered the fields are those known before:
 * filters are made by them. `learned(haveChanged)` is called then, with whether other fields have lists than before.
 */
export function knowledge(api, path, { learned, failed }) {
  const asking = latest(failed);
  let fields = NOTHING;

  function learn() {
    asking.run(async (signal) => {
      const found = await fieldsOf(api, path, signal);
      signal.throwIfAborted();
      const haveChanged = !areSame(found.lists, fields.lists);
      fields = found;
      learned(haveChanged);
    });
  }

  function forget() {
    asking.stop();
    fields = NOTHING;
  }

  return { fields: () => fields, learn, forget };
}

function areSame(some, others) {
  return some.size === others.size && [...some].every((one) => others.has(one));
}
