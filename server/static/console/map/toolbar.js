// The controls of the map: the collection, the field that colours it, a query, and buttons to enlarge.

import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { whole } from "../drawing/scales.js";

const PAUSE_MS = 280;
const ZOOM = 1.5;

/** Return {node, zoomers, showFields(fields, chosen), enable(on)}; `on` has zoom, whole, colourBy and find. */
export function toolbar(on, picker) {
  const select = el("select", { class: "select", id: "map-field" });
  const box = el("input", {
    class: "input",
    type: "search",
    id: "map-query",
    autocomplete: "off",
    placeholder: "Find on the map",
    aria: { label: "Find on the map" },
  });
  const node = el(
    "form",
    { class: "map-tools", role: "search" },
    picker,
    el(
      "div",
      { class: "map-colour" },
      el("label", { class: "muted small", htmlFor: "map-field" }, "Colour by"),
      el("span", { class: "picker" }, select, icon("down")),
    ),
    el("div", { class: "map-find" }, icon("search"), box),
  );
  const zoomers = el(
    "div",
    { class: "map-zoom", role: "group", aria: { label: "Zoom" } },
    zoomer("Larger", "+", () => on.zoom(ZOOM)),
    zoomer("Smaller", "−", () => on.zoom(1 / ZOOM)),
    zoomer("Whole map", "⤢", on.whole),
  );
  let timer = 0;
  const find = () => {
    clearTimeout(timer);
    on.find(box.value.trim());
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE_MS);
  });
  node.addEventListener("submit", (event) => {
    event.preventDefault();
    find();
  });
  select.addEventListener("change", () => on.colourBy(select.value || null));

  return {
    node,
    zoomers,
    query: () => box.value.trim(),
    showFields(fields, chosen) {
      const options = fields.map(({ name, distinct }) =>
        el("option", { value: name }, `${name} · ${whole(distinct)} value${distinct === 1 ? "" : "s"}`),
      );
      fill(select, el("option", { value: "" }, "one colour"), options);
      select.value = chosen ?? "";
    },
    enable(isOn) {
      for (const control of [select, box, ...zoomers.children]) control.disabled = !isOn;
    },
    end: () => clearTimeout(timer),
  };
}

function zoomer(name, sign, run) {
  return el(
    "button",
    { class: "icon-button", type: "button", title: name, aria: { label: name }, onclick: run },
    el("span", { aria: { hidden: "true" } }, sign),
  );
}
