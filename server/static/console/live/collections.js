// The collections with their sizes, and how each is doing.

import { el, fill } from "../elements.js";
import { bytes, percent, whole } from "../drawing/scales.js";
import { valueOf } from "./prometheus.js";

const STATES = {
  ready: ["good", "ready"],
  indexing: ["slow", "indexing"],
  reindexing: ["slow", "reindexing"],
  foreign: ["bad", "another model's vectors"],
  failed: ["bad", "failed"],
};

/** Return {node, show(collections, samples)}; samples are those of GET /metrics, which have the bytes. */
export function collectionTable() {
  const body = el("tbody", {});
  const heads = ["Collection", "Documents", "State", "Memory", "Disk", "Recall"].map((name) =>
    el("th", { scope: "col" }, name),
  );
  const table = el("table", {}, el("thead", {}, el("tr", {}, heads)), body);
  const scroll = el(
    "div",
    { class: "collections-scroll", tabindex: "0", role: "region", aria: { labelledby: "collections-title" } },
    table,
  );
  const content = el("div", {}, scroll);
  const node = el(
    "section",
    { class: "card collections" },
    el("h2", { id: "collections-title" }, "Collections"),
    content,
  );

  function show(collections, samples) {
    const documents = collections.reduce((sum, one) => sum + one.documents, 0);
    if (!documents && collections.length < 2) {
      fill(
        content,
        el(
          "p",
          { class: "muted" },
          "No documents yet. ",
          el("a", { href: "#search" }, "Add some in Search"),
          ", and their sizes are here.",
        ),
      );
      return;
    }
    fill(content, scroll);
    fill(
      body,
      collections.map((one) => rowOf(one, samples)),
    );
  }
  return { node, show };
}

function rowOf({ name, documents, state, pending, reindex, graph, fingerprint }, samples) {
  const [kind, word] = STATES[state] ?? ["slow", state];
  const more = reindex
    ? `, ${percent(reindex.documents ? reindex.done / reindex.documents : 0)}`
    : pending
      ? `, ${whole(pending)} to go`
      : "";
  const figure = (metric) => bytes(valueOf(samples, metric, { collection: name }));
  return el(
    "tr",
    {},
    el("th", { scope: "row", title: `fingerprint ${fingerprint}` }, name),
    el("td", {}, whole(documents)),
    el("td", {}, el("span", { class: `state state-${kind}` }, word + more)),
    el("td", {}, figure("vecd_index_memory_bytes")),
    el("td", {}, figure("vecd_index_database_bytes")),
    el(
      "td",
      { title: graph.exact ? "every document is compared" : `of at least ${percent(graph.target)}` },
      graph.recall === null ? "–" : percent(graph.recall),
    ),
  );
}
