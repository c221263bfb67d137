// The style sheet's colours as a canvas needs them: `colours("--accent", "--muted")` returns them as rgb(), as now shown.

import { el } from "./elements.js";

export function colours(...names) {
  const probe = el("span", { class: "unseen" });
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.setProperty("color", `var(${name})`);
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}

/** Call back whenever the colours may have changed, by the toggle or by the system; returns what ends it. */
export function onColours(state, changed) {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const off = state.on("theme", changed);
  query.addEventListener("change", changed);
  return () => {
    off();
    query.removeEventListener("change", changed);
  };
}
