// What stands on the map while there is none: that it is being made, why it cannot be, or what to do first.

import { el, fill } from "../elements.js";
import { icon } from "../icons.js";

/** Return {node, busy(text), problem(words), empty(count, collection), clear()}. */
export function messages() {
  const node = el("div", { class: "map-note", hidden: true });
  const show = (...content) => {
    node.hidden = false;
    fill(node, ...content);
  };
  return {
    node,
    busy: (text) => show(el("p", { class: "muted", role: "status" }, text)),
    problem: ({ title, detail }) =>
      show(
        el(
          "div",
          { class: "problem", role: "alert" },
          icon("warning"),
          el("div", {}, el("strong", {}, title), el("p", {}, detail)),
        ),
      ),
    empty(count, collection) {
      const has = count
        ? `“${collection}” has ${count === 1 ? "one document" : `${count} documents`}.`
        : `“${collection}” has no documents yet.`;
      show(
        el(
          "div",
          { class: "map-empty" },
          icon("map", 28),
          el("h2", {}, "Nothing to draw yet"),
          el("p", { class: "muted" }, `${has} A map takes three at least.`),
          el("a", { class: "button primary", href: "#search" }, "Add documents"),
        ),
      );
    },
    clear() {
      node.hidden = true;
      fill(node);
    },
  };
}
