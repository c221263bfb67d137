// What the colours mean, with counts. A value that is pressed is shown alone; the others fade.

import { el, fill } from "../elements.js";
import { css } from "../drawing/mixing.js";
import { shortNumber, whole } from "../drawing/scales.js";

/** Return {node, show(colouring, colours, field)}; `toggled(group)` is called when an entry is pressed. */
export function legend(toggled) {
  const node = el("div", { class: "legend" });
  function show(colouring, colours, field, alone) {
    const focused = [...node.querySelectorAll("button")].indexOf(document.activeElement);
    if (colouring.kind === "scale") {
      fill(node, scaleBar(colouring, colours, field), list(colouring, colours, field, alone, toggled));
    } else {
      fill(node, colouring.kind === "plain" ? plainNote(colouring) : list(colouring, colours, field, alone, toggled));
    }
    node.querySelectorAll("button")[focused]?.focus();
  }
  return { node, show };
}

function list(colouring, colours, field, alone, toggled) {
  const items = colouring.entries.map(({ group, label, count }) => {
    const swatch = el("span", {
      class: "swatch",
      style: { "background-color": css(colours[group]) },
      aria: { hidden: "true" },
    });
    const parts = [
      swatch,
      el("span", { class: "clip", title: label }, label),
      " ",
      el("span", { class: "count" }, whole(count)),
    ];
    const press = {
      type: "button",
      class: "legend-entry",
      aria: { pressed: String(alone === group) },
      onclick: () => toggled(group),
    };
    return el("li", {}, el("button", press, parts));
  });
  return items.length ? el("ul", { class: "legend-list", aria: { label: `Values of ${field}` } }, items) : null;
}

function scaleBar({ least, greatest, steps }, colours, field) {
  const cells = Array.from({ length: steps }, (_, index) =>
    el("span", { style: { "background-color": css(colours[index + 1]) } }),
  );
  return el(
    "figure",
    { class: "scale", aria: { label: `${field} from ${least} to ${greatest}` } },
    el("div", { class: "scale-bar", aria: { hidden: "true" } }, cells),
    el("figcaption", {}, el("span", {}, written(least)), el("span", {}, written(greatest))),
  );
}

/** Years and other whole numbers below ten thousand as they are, larger and broken ones short. */
function written(value) {
  return Number.isInteger(value) && Math.abs(value) < 10_000 ? String(value) : shortNumber(value);
}

function plainNote({ entries }) {
  return el("p", { class: "muted small" }, `${whole(entries[0].count)} documents, all in one colour`);
}
