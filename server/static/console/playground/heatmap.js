// How alike texts are, as a table of colours: screen readers read it as a table, and the pointer and the arrow keys tell
// of each cell the value and the two texts that it belongs to.

import { el } from "../elements.js";
import { along, css, inkOn } from "../drawing/mixing.js";
import { signed } from "../drawing/scales.js";
import { readColours } from "../drawing/surface.js";
import { extremes } from "./vectors.js";

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const PALETTE = ["--heat-0", "--heat-1", "--heat-2", "--heat-3"];
const MAX_CHARACTERS = 60;

/** Return {node, recolour} for a matrix of cosines of `texts`, which have a `number` and a `text` each. */
export function heatmap(matrix, texts) {
  const readout = el("p", { class: "heat-readout" });
  const cells = matrix.map((row, one) => row.map((value, other) => cell(value, one, other, texts)));
  const table = tableOf(cells, texts);
  const tell = (place) => {
    readout.textContent = place ? pairInWords(matrix, texts, place) : inWords(matrix, texts);
  };
  tell(null);
  follow(table, cells, tell);
  const recolour = () => paint(cells, matrix);
  recolour();
  return { node: el("div", { class: "heat-box" }, table, scaleBar(), readout), recolour };
}

function tableOf(cells, texts) {
  const caption = "Cosine of each text with each other; arrow keys go from cell to cell";
  const heads = texts.map(({ number }) => head("col", number));
  const rows = cells.map((row, one) => el("tr", {}, head("row", texts[one].number), row));
  return el(
    "table",
    { class: "heat" },
    el("caption", { class: "unseen" }, caption),
    el("thead", {}, el("tr", {}, el("td"), heads)),
    el("tbody", {}, rows),
  );
}

function head(scope, number) {
  return el("th", { scope }, el("span", { class: "unseen" }, "Text "), String(number));
}

function cell(value, one, other, texts) {
  const title = `Texts ${texts[one].number} and ${texts[other].number}: ${signed(value)}`;
  return el("td", { tabIndex: one || other ? -1 : 0, data: { place: `${one} ${other}` }, title }, signed(value, 2));
}

/** Tell of the cell that the pointer or the focus is at, and let the arrow keys go from one to the next. */
function follow(table, cells, tell) {
  const placeOf = (target) => target.closest("[data-place]")?.dataset.place.split(" ").map(Number) ?? null;
  table.addEventListener("pointerover", (event) => tell(placeOf(event.target)));
  table.addEventListener("pointerleave", () => tell(null));
  table.addEventListener("focusin", (event) => tell(placeOf(event.target)));
  table.addEventListener("focusout", () => tell(null));
  table.addEventListener("keydown", (event) => {
    const [place, step] = [placeOf(event.target), ARROWS[event.key]];
    const next = place && step && cells[place[0] + step[0]]?.[place[1] + step[1]];
    if (!next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

function paint(cells, matrix) {
  const scale = readColours(PALETTE);
  cells.forEach((row, one) =>
    row.forEach((node, other) => {
      const colour = along(scale, matrix[one][other]);
      node.style.backgroundColor = css(colour);
      node.style.color = css(inkOn(colour));
    }),
  );
}

function scaleBar() {
  const bar = el("span", { class: "heat-scale-bar" });
  return el("p", { class: "heat-scale", aria: { hidden: "true" } }, "0", bar, "1, the same");
}

function pairInWords(matrix, texts, [one, other]) {
  const [first, second, value] = [texts[one], texts[other], signed(matrix[one][other])];
  if (one === other) return `Text ${first.number} with itself: ${value}`;
  return `${value} between ${first.number} “${shortened(first.text)}” and ${second.number} “${shortened(second.text)}”`;
}

function inWords(matrix, texts) {
  const { nearest, farthest } = extremes(matrix);
  if (matrix.length === 2) return `The two texts have a cosine of ${signed(nearest.value)}.`;
  const name = ({ one, other }) => `${texts[one].number} and ${texts[other].number}`;
  return `Most alike are ${name(nearest)} (${signed(nearest.value)}), least ${name(farthest)} (${signed(farthest.value)}).`;
}

function shortened(text) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS - 1)}…` : line;
}
