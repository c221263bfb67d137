// The filters: for each field the values that most documents have, to be clicked; for fields of many values a range or a
// beginning to type.

import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { LAST, ordered } from "./fields.js";
import { isEmpty, replaced, toggled } from "./filter.js";

const OPEN_FIELDS = 4;

/** Return `{element, render}`; `change(conditions)` is called when a person clicks. */
export function facetPanel(change) {
  const body = el("div", { class: "facets" });
  const count = el("span", { class: "count" });
  const fold = el(
    "details",
    { open: matchMedia("(min-width: 900px)").matches },
    el("summary", {}, icon("filter"), el("span", { class: "grow" }, "Filters"), count, icon("down")),
    body,
  );
  const element = el("section", { class: "filters", hidden: true, aria: { label: "Filters" } }, fold);
  const folded = new Map();

  function render({ names, lists, facets, conditions, documents }) {
    const active = Object.values(conditions).filter((one) => !isEmpty(one)).length;
    count.textContent = active ? String(active) : "";
    element.hidden = !names.length;
    const focused = document.activeElement?.id;
    const shown = names.filter((name) => facets[name]?.values.length || !isEmpty(conditions[name]));
    const fields = ordered(shown, facets, documents).map((name, number) => {
      const facet = facets[name] ?? { values: [], distinct: 0 };
      const isOpen = folded.get(name) ?? (!isEmpty(conditions[name]) || (number < OPEN_FIELDS && !LAST.has(name)));
      return field(name, facet, conditions, { isOpen, isList: lists.has(name) });
    });
    fill(body, fields);
    if (focused) document.getElementById(focused)?.focus();
  }

  function field(name, facet, conditions, { isOpen, isList }) {
    const chosen = conditions[name]?.values ?? [];
    const gone = chosen.filter((value) => !facet.values.some((one) => one.value === value));
    const values = [...facet.values, ...gone.map((value) => ({ value, count: 0 }))];
    const rows = values.map((one) => row(name, one, chosen.includes(one.value), () => change(toggled(conditions, name, one.value))));
    const more = facet.distinct > facet.values.length;
    const made = el(
      "details",
      { class: "facet", open: isOpen },
      el("summary", { onclick: () => folded.set(name, !made.open) }, el("span", { class: "clip grow" }, name), icon("down")),
      el("ul", { aria: { label: name } }, rows),
      more && !isList ? bounds(name, facet, conditions) : null,
    );
    return made;
  }

  function row(name, { value, count: documents }, isChosen, onchange) {
    const id = `facet-${name}-${JSON.stringify(value)}`;
    const text = String(value) || "(empty)";
    return el(
      "li",
      {},
      el(
        "label",
        { class: "facet-value", htmlFor: id, title: text },
        el("input", { type: "checkbox", id, checked: isChosen, onchange }),
        el("span", { class: "clip grow" }, text),
        el("span", { class: "muted number" }, documents.toLocaleString("en")),
      ),
    );
  }

  function bounds(name, facet, conditions) {
    const condition = conditions[name] ?? {};
    const areNumbers = facet.values.length > 0 && facet.values.every(({ value }) => typeof value === "number");
    const put = (part) => change(replaced(conditions, name, { ...condition, ...part }));
    const number = ({ target }) => (target.value === "" || !Number.isFinite(target.valueAsNumber) ? undefined : target.valueAsNumber);
    const input = (kind, label, value, onchange) =>
      el("input", { class: "input", id: `bound-${name}-${label}`, type: kind, step: "any", value: value ?? "", placeholder: label, aria: { label: `${name}: ${label}` }, onchange });
    const inputs = areNumbers
      ? [
          input("number", "from", condition.from, (event) => put({ from: number(event) })),
          input("number", "to", condition.to, (event) => put({ to: number(event) })),
        ]
      : [input("text", "begins with", condition.prefix, (event) => put({ prefix: event.target.value || undefined }))];
    return el("div", { class: "bounds" }, inputs, el("span", { class: "small muted" }, `${facet.distinct.toLocaleString("en")} different values`));
  }

  return { element, render };
}
