// Beside the map: the document that is pointed at or chosen, and a list of the hits or of the nearest documents.

import { el, fill } from "../elements.js";
import { isAborted, wordsOf } from "../errors.js";
import { signed } from "../drawing/scales.js";
import { shortened } from "./texts.js";

const CARD_CHARACTERS = 420;
const LINE_CHARACTERS = 90;
const PAUSE_MS = 90;
const LIST_PAUSE_MS = 220;

/**
 * Return {node, showDocument(id), showList(title, items), end()}.
 *
 * `choose(point)` is called for one of the list, `read(id, text)` once the text of the document is there.
 */
export function panel(texts, { choose, read }) {
  const card = el("div", { class: "document-card", tabindex: "0", aria: { live: "polite" } });
  const heading = el("h2", {});
  const list = el("ol", { class: "near-list", aria: { label: "Documents on the map" } });
  const node = el(
    "div",
    { class: "map-panel" },
    el("section", { class: "card here", aria: { label: "This document" } }, card),
    el("section", { class: "card near" }, heading, list),
  );
  const own = { timer: 0, listTimer: 0, wanted: null };

  /** Show a document; that of which the text is not there yet is asked for once the pointer rests. */
  function showDocument(id) {
    clearTimeout(own.timer);
    own.wanted = id;
    if (id === null)
      return fill(card, el("p", { class: "muted small" }, "Point at a document, or choose one, to read it here."));
    const known = texts().known(id);
    if (known) return show(known);
    own.timer = setTimeout(() => load(id), PAUSE_MS);
  }

  function show(found) {
    fill(card, documentOf(found));
    read(found.id, found.text);
  }

  async function load(id) {
    try {
      const found = await texts().read(id);
      if (own.wanted === id) show(found);
    } catch (error) {
      if (own.wanted === id && !isAborted(error)) fill(card, el("p", { class: "muted small" }, wordsOf(error).title));
    }
  }

  /**
   * Show documents as {point, id, score, text}; of those without a text it follows when the map has come to rest, and
   * until then their ids stand there.
   */
  function showList(title, items) {
    clearTimeout(own.listTimer);
    heading.textContent = title;
    const lines = items.map((item) => {
      const text = item.text ?? texts().known(item.id)?.text;
      return { id: item.id, isKnown: text !== undefined, line: lineOf(text ?? item.id), item };
    });
    fill(
      list,
      lines.map(({ line, item }) => el("li", {}, entryOf(line, item, choose))),
    );
    own.listTimer = setTimeout(() => fillIn(lines.filter(({ isKnown }) => !isKnown)), LIST_PAUSE_MS);
  }

  async function fillIn(lines) {
    for (const { id, line } of lines) {
      const found = await texts()
        .read(id)
        .catch(() => null);
      if (found) line.textContent = shortened(found.text, LINE_CHARACTERS);
    }
  }

  showDocument(null);
  return {
    node,
    showDocument,
    showList,
    end() {
      clearTimeout(own.timer);
      clearTimeout(own.listTimer);
    },
  };
}

function lineOf(text) {
  return el("span", { class: "near-text" }, shortened(text, LINE_CHARACTERS));
}

function entryOf(line, { point, score }, choose) {
  const worth = score === undefined ? null : el("span", { class: "near-score" }, signed(score));
  return el("button", { type: "button", class: "near-entry", onclick: () => choose(point) }, line, worth);
}

function documentOf({ id, text, metadata }) {
  const fields = Object.entries(metadata ?? {}).slice(0, 8);
  const facts = fields.map(([name, value]) =>
    el(
      "div",
      {},
      el("dt", {}, name),
      el("dd", {}, shortened(typeof value === "string" ? value : JSON.stringify(value), 80)),
    ),
  );
  return [
    el("p", { class: "document-id mono clip", title: id }, id),
    el("p", { class: "document-text" }, shortened(text, CARD_CHARACTERS)),
    fields.length ? el("dl", { class: "document-fields" }, facts) : null,
  ];
}
