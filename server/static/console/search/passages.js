// A text as it was found: whole, with the passage marked, or passage by passage as the server has cut it.

import { el } from "../elements.js";
import { parts, pieces } from "./text.js";

/** Return the whole text; the passage that was found is marked, and scrolled to once it is on the page. */
export function wholeText(text, found) {
  const some = found ? pieces(text, [found]) : [{ text, isMarked: false }];
  const made = some.map((one) => (one.isMarked ? el("span", { class: "found" }, one.text) : one.text));
  return el("div", { class: "document" }, made);
}

/** Return the passages in order; neighbours share some words. */
export function passageList(text, passages, found) {
  const isFound = ({ start, end }) => found !== undefined && start === found.start && end === found.end;
  const texts = parts(text, passages);
  const rows = passages.map((one, number) =>
    el(
      "li",
      { class: isFound(one) ? "passage found" : "passage" },
      el(
        "p",
        { class: "small muted row" },
        `${number + 1} of ${passages.length}`,
        el("span", { class: "number" }, `characters ${one.start.toLocaleString("en")} to ${one.end.toLocaleString("en")}`),
        isFound(one) ? el("strong", { class: "chip on" }, "found") : null,
      ),
      el("div", { class: "document" }, texts[number]),
    ),
  );
  return el("ol", { class: "passages", aria: { label: "Passages" } }, rows);
}
