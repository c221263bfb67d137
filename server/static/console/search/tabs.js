// A list of tabs over one panel (ARIA Authoring Practices): arrow keys go through them, and what is reached is shown.

import { el } from "../elements.js";

let count = 0;

/** Return the list of tabs; `show(name)` fills the panel, and is called at once for the first. */
export function tabs(label, names, panel, show) {
  const id = `tabs-${(count += 1)}`;
  const made = names.map((name, number) =>
    el("button", { type: "button", role: "tab", id: `${id}-${number}`, aria: { controls: `${id}-panel` }, onclick: () => choose(number) }, name),
  );
  panel.id = `${id}-panel`;
  panel.setAttribute("role", "tabpanel");

  function choose(number) {
    made.forEach((tab, one) => {
      tab.setAttribute("aria-selected", String(one === number));
      tab.tabIndex = one === number ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", made[number].id);
    show(names[number]);
  }

  function onkeydown(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const number = (made.indexOf(event.target) + step + made.length) % made.length;
    choose(number);
    made[number].focus();
    event.preventDefault();
  }

  choose(0);
  return el("div", { class: "tabs", role: "tablist", aria: { label }, onkeydown }, made);
}
