// A vector as a strip of colours: one cell for each value, from blue below zero to orange above it. The pointer and the
// arrow keys tell the value of a cell.

import { el } from "../elements.js";
import { css, diverging } from "../drawing/mixing.js";
import { signed } from "../drawing/scales.js";
import { surface } from "../drawing/surface.js";
import { indexAt, reach, stripLayout, summary } from "./vectors.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 10, ArrowDown: -10, PageUp: 48, PageDown: -48 };
const PALETTE = ["--value-low", "--value-zero", "--value-high", "--value-ink"];

/** Return {node, end} for a strip of these values, named for those who do not see it. */
export function vectorStrip(values, name, state) {
  const { least, greatest, length } = summary(values);
  const about = `least ${signed(values[least])} at ${least}, greatest ${signed(values[greatest])} at ${greatest}, length ${length.toFixed(2)}`;
  const label = `Vector of ${name}: ${values.length} values, ${about}`;
  const range = { label, readonly: "true", valuemin: "0", valuemax: String(values.length - 1) };
  const canvas = el("canvas", { class: "strip", tabindex: "0", role: "slider", aria: range });
  const readout = el("span", { class: "strip-readout", aria: { hidden: "true" } });
  const seen = { marked: -1, at: greatest };
  const strip = surface(canvas, state, PALETTE, (context, size, palette) => {
    draw(context, size, palette, values, seen.marked);
  });
  const point = (index) => {
    seen.marked = index;
    if (index >= 0) seen.at = index;
    const told = `value ${seen.at}: ${signed(values[seen.at], 4)}`;
    canvas.setAttribute("aria-valuenow", String(seen.at));
    canvas.setAttribute("aria-valuetext", told);
    readout.textContent = index < 0 ? about : told;
    strip.changed();
  };
  point(-1);
  listen(canvas, values.length, point, () => seen.at);
  return { node: el("div", { class: "strip-box" }, canvas, readout), end: strip.end };
}

function listen(canvas, count, point, at) {
  canvas.addEventListener("pointermove", (event) => point(under(event, canvas, count)));
  canvas.addEventListener("pointerdown", (event) => point(under(event, canvas, count)));
  canvas.addEventListener("pointerleave", () => point(-1));
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && point(at()));
  canvas.addEventListener("blur", () => point(-1));
  canvas.addEventListener("keydown", (event) => {
    const next = stepped(event.key, at(), count);
    if (next === null) return;
    event.preventDefault();
    point(next);
  });
}

function stepped(key, at, count) {
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return key in STEPS ? Math.min(count - 1, Math.max(0, at + STEPS[key])) : null;
}

function under(event, canvas, count) {
  const box = canvas.getBoundingClientRect();
  return indexAt(stripLayout(count, box.width), count, box, event.clientX - box.left, event.clientY - box.top);
}

function draw(context, { width, height }, [low, zero, high, ink], values, marked) {
  const { columns, rows } = stripLayout(values.length, width);
  const most = reach(values);
  const [wide, tall] = [width / columns, height / rows];
  const space = rows > 1 ? 1 : 0;
  context.clearRect(0, 0, width, height);
  values.forEach((value, index) => {
    context.fillStyle = css(diverging([low, zero, high], value / most));
    context.fillRect((index % columns) * wide, Math.floor(index / columns) * tall, wide + 0.4, tall - space);
  });
  if (marked < 0) return;
  context.strokeStyle = css(ink);
  context.lineWidth = 2;
  const [left, top] = [(marked % columns) * wide, Math.floor(marked / columns) * tall];
  context.strokeRect(Math.min(width - 4, Math.max(1, left - 1)), top + 1, Math.max(3, wide + 2), tall - 2 - space);
}
