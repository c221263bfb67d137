// Asks the server what is to be shown: hits of a search, or a page of documents where nothing is asked.

import { filterOf } from "./filter.js";
import { listQuery, MOST, searchBody } from "./question.js";
import { beginning } from "./text.js";

/**
 * Return `{hits, more, took, total}` for a question. `before` is what is shown already, after which to go on: `{hits,
 * next}`. `more` is null where there is no more, else what to hand in as `before`.
 */
export async function answerOf(api, path, question, before, signal) {
  return question.query ? search(api, path, question, before, signal) : list(api, path, question, before, signal);
}

async function search(api, path, question, before, signal) {
  const body = searchBody({ ...question, offset: before?.hits.length ?? 0 });
  const start = performance.now();
  const found = await api.post(path("search"), body, { signal });
  const took = performance.now() - start;
  const hits = [...(before?.hits ?? []), ...found];
  const isFull = found.length === body.top_k && hits.length < MOST;
  return { hits, took, total: null, more: isFull ? { hits } : null };
}

async function list(api, path, question, before, signal) {
  const filter = filterOf(question.conditions, question.lists);
  const query = listQuery({ ...question, after: before?.next });
  const [page, { count }] = await Promise.all([
    api.get(path("index"), { signal, query }),
    api.post(path("index/count"), filter ? { filter } : {}, { signal }),
  ]);
  const hits = [...(before?.hits ?? []), ...page.documents.map(asExcerpt)];
  return { hits, took: null, total: count, more: page.next ? { hits, next: page.next } : null };
}

/** Return what the line above the results says. */
export function summaryOf({ hits, took, total }, query) {
  const number = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
  if (!query) return total === null ? "" : number(total, "document");
  const order = hits.length > 1 ? ", best first" : "";
  return `${number(hits.length, "result")}${order} · ${Math.max(1, Math.round(took))} ms`;
}

/** A document of a list, shown as a hit is: by the beginning of its text. */
function asExcerpt({ id, text, metadata }) {
  return { id, metadata, snippet: { text: beginning(text), start: 0, marks: [] } };
}
