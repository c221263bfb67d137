// What is asked, as bodies of the API. A person sees every hit with its score: no request leaves any out.

import { filterOf } from "./filter.js";

export const PAGE = 20;
export const MOST = 1000;
const ALL = -1;

/** Return the body of POST /search; `threshold` is that of the slider, or null where it hides nothing. */
export function searchBody({ query, mode, conditions, lists, offset = 0, threshold = null }) {
  const filter = filterOf(conditions, lists);
  return {
    query,
    mode,
    top_k: Math.min(PAGE, MOST - offset),
    ...(offset ? { offset } : {}),
    threshold: threshold ?? ALL,
    ...(filter ? { filter } : {}),
    ...(mode === "vector" ? {} : { prefix: true }),
    fields: ["id", "score", "metadata", "passage"],
    snippet: { max_characters: 280 },
  };
}

/** Return the query of GET /index, for a collection that is looked through without a question. */
export function listQuery({ conditions, lists, after }) {
  const filter = filterOf(conditions, lists);
  return {
    fields: "id,text,metadata",
    limit: String(PAGE),
    ...(after ? { after } : {}),
    ...(filter ? { filter: JSON.stringify(filter) } : {}),
  };
}

/** Return the body of POST /search for documents like one. */
export function likeBody(id) {
  return { like: id, top_k: 5, threshold: ALL, fields: ["id", "score", "metadata", "passage"], snippet: { max_characters: 140 } };
}
