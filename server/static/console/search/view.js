// The search.

import { el } from "../elements.js";

export const title = "Search";

export function mount(root) {
  root.append(el("h1", { class: "unseen" }, "Search"));
}
