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

// Roles are said, since a table that is laid out anew on a narrow screen loses its own.
const SHOWN_DIGITS = 8;

/** Return {node, show(collections, samples)}; samples are those of GET /metrics, which have the bytes. */
export function collectionTable() {
  const body = el("tbody", {});
  const heads = ["Collection", "Documents", "State", "Memory", "Disk", "Recall", "Vectors"].map((name) =>
    el("th", { scope: "col", role: "columnheader" }, name),
  );
  const table = el(
    "table",
    { role: "table", aria: { labelledby: "collections-title" } },
    el("thead", {}, el("tr", { role: "row" }, heads)),
    body,
  );
  const content = el("div", {}, table);
  const node = el(
    "section",
    { class: "card collections", aria: { labelledby: "collections-title" } },
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
    fill(content, table);
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
  const recall = graph.recall === null ? "–" : percent(graph.recall);
  const target = graph.exact ? "every document is compared" : `of at least ${percent(graph.target)}`;
  return el(
    "tr",
    { role: "row" },
    el("th", { scope: "row", role: "rowheader" }, name),
    cell("Documents", whole(documents)),
    cell("State", el("span", { class: `state state-${kind}` }, word + more)),
    cell("Memory", figure("vecd_index_memory_bytes")),
    cell("Disk", figure("vecd_index_database_bytes")),
    cell("Recall", recall, target),
    cell("Vectors", el("code", {}, fingerprint.slice(0, SHOWN_DIGITS)), `fingerprint ${fingerprint}`),
  );
}

/** On a narrow screen each cell says its column itself. */
function cell(column, content, title = "") {
  return el("td", { role: "cell", data: { name: column }, title }, content);
}
