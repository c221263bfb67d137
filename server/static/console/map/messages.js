// What stands on the map while there is none: that it is being made, why it cannot be, or what to do first.

import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { failure } from "../search/failure.js";

/** Return {node, busy(text), problem(error, {covers}), empty(count, collection), clear()}. */
export function messages() {
  const node = el("div", { class: "map-note", hidden: true });
  const show = (covers, ...content) => {
    node.hidden = false;
    node.classList.toggle("is-over", !covers);
    fill(node, ...content);
  };
  return {
    node,
    busy: (text) => show(true, el("p", { class: "muted", role: "status" }, text)),
    problem: (error, { covers = true } = {}) => show(covers, failure(error)),
    empty: (count, collection) => show(true, emptyNote(count, collection)),
    clear() {
      node.hidden = true;
      fill(node);
    },
  };
}

function emptyNote(count, collection) {
  const has = count === 1 ? "one document" : count ? `${count} documents` : "no documents yet";
  return el(
    "div",
    { class: "map-empty" },
    icon("map", 28),
    el("h2", {}, "Nothing to draw yet"),
    el("p", { class: "muted" }, `“${collection}” has ${has}. A map takes three at least.`),
    el("a", { class: "button primary", href: "#search" }, "Add documents"),
  );
}
