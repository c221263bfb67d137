// What the keyboard does.

import { openDialog } from "./dialogs.js";
import { el } from "./elements.js";

const ALWAYS = [
  ["↓ ↑", "through the results"],
  ["Enter", "open a result"],
  ["Esc", "close what is open; empty the search box"],
];
// Speech input and shaking hands may meet these by chance, so they can be turned off (WCAG 2.1, 2.1.4).
const SINGLE = [
  ["/", "to the search box"],
  ["1 2 3 4", "Search, Playground, Map, Live"],
  ["t", "light or dark"],
  ["?", "this help"],
];

export function showHelp(state) {
  const rows = [...ALWAYS, ...SINGLE].map(([keys, what]) =>
    el("div", {}, el("dt", {}, keys.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, what)),
  );
  const box = el("input", { type: "checkbox", id: "shortcuts", checked: state.get("shortcuts"), onchange: change });
  function change() {
    state.set("shortcuts", box.checked);
  }
  const choice = el("label", { class: "check", htmlFor: "shortcuts" }, box, "Use the keys / 1 2 3 4 t ?");
  openDialog("Keyboard", el("div", { class: "stack" }, el("dl", { class: "keys" }, rows), choice));
}
