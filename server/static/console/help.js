// What the keyboard does.

import { openDialog } from "./dialogs.js";
import { el } from "./elements.js";

const KEYS = [
  ["/", "to the search box"],
  ["↓ ↑", "through the results"],
  ["Enter", "open a result"],
  ["Esc", "close what is open; empty the search box"],
  ["1 2 3 4", "Search, Playground, Map, Live"],
  ["t", "light or dark"],
  ["?", "this help"],
];

export function showHelp() {
  const rows = KEYS.map(([keys, what]) =>
    el("div", {}, el("dt", {}, keys.split(" ").map((key) => el("kbd", {}, key))), el("dd", {}, what)),
  );
  openDialog("Keyboard", el("dl", { class: "keys" }, rows));
}
