// The filters in force, each with its way out.

import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { described } from "./filter.js";

/** Return `{element, render}`; `change(conditions)` is called when a person takes some away. */
export function activeFilters(change) {
  const element = el("ul", { class: "chips", aria: { label: "Active filters" } });

  function render(conditions) {
    const found = described(conditions);
    element.hidden = !found.length;
    const chips = found.map(({ field, text, without }) => {
      const button = el("button", { class: "chip on", type: "button", onclick: () => change(without) }, `${field}: ${text}`, icon("close"));
      button.setAttribute("aria-label", `Remove ${field}: ${text}`);
      return el("li", {}, button);
    });
    const all = el("button", { class: "button quiet small", type: "button", onclick: () => change({}) }, "Clear filters");
    fill(element, chips, found.length ? el("li", {}, all) : null);
  }

  return { element, render };
}
