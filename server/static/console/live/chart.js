// One chart: its title with the number of now, lines over the last minutes, and what they were at a moment that the
// pointer or the arrow keys choose.

import { el, fill, svg } from "../elements.js";
import { HEIGHT, partsOf, scalesOf } from "./plot.js";
import { greatest, latest, nearestPoint, shownSpan } from "./window.js";

const STEPS = { ArrowLeft: -2, ArrowRight: 2, PageUp: 30, PageDown: -30, Home: -Infinity, End: Infinity };

/** Return {node, draw(points, now), mark(seconds), end()} for an entry of CHARTS; `marked(seconds)` tells what is pointed at. */
export function chart(about, marked) {
  const own = { points: [], now: 0, width: 0, mark: null, scales: null };
  const value = el("p", { class: "chart-value" });
  const keys = el("ul", { class: "chart-keys" });
  const picture = svg("svg", { class: "chart-picture", height: HEIGHT, role: "img", tabindex: "0" });
  const title = el("h3", { id: `chart-${about.id}`, title: about.about }, about.title);
  const header = el("header", {}, title, value);
  const node = el("section", { class: "card chart", aria: { labelledby: title.id } }, header, picture, keys);

  function draw(points, now) {
    Object.assign(own, { points, now });
    if (!own.width) return;
    const point = own.mark === null ? null : nearestPoint(points, own.mark);
    own.scales = scalesOf(about, points, own.width, now, shownSpan(points, now));
    picture.setAttribute("viewBox", `0 0 ${own.width} ${HEIGHT}`);
    picture.replaceChildren(...partsOf(about, points, own.scales, point));
    tell(point);
  }

  function tell(point) {
    const values = about.lines.map(([key]) => (point ? point[key] : latestOf(about, own.points, key)));
    const isKnown = values.some(Number.isFinite);
    const ago = point ? Math.round(own.now - point.seconds) : 0;
    value.textContent = isKnown ? about.write(mainOf(about, values)) : (about.empty ?? "–");
    value.classList.toggle("is-empty", !isKnown);
    fill(keys, keysOf(about, values, isKnown), ago ? el("li", { class: "chart-when" }, `${ago} s ago`) : null);
    picture.setAttribute("aria-label", inWords(about, own.points, values, ago ? `${ago} seconds ago` : "now"));
  }

  const resizes = new ResizeObserver(([{ contentRect }]) => {
    own.width = Math.round(contentRect.width);
    draw(own.points, own.now);
  });
  resizes.observe(picture);
  listen(picture, own, marked);
  return {
    node,
    draw,
    mark(seconds) {
      own.mark = seconds;
      draw(own.points, own.now);
    },
    end: () => resizes.disconnect(),
  };
}

function listen(picture, own, marked) {
  const within = (seconds) => Math.min(own.now, Math.max(own.now - own.scales.span, seconds));
  const at = (event) => {
    const { left, right, now, span } = own.scales;
    const share = (event.clientX - picture.getBoundingClientRect().left - left) / (right - left);
    marked(within(now - span * (1 - share)));
  };
  picture.addEventListener("pointermove", at);
  picture.addEventListener("pointerdown", at);
  picture.addEventListener("pointerleave", () => marked(null));
  picture.addEventListener("blur", () => marked(null));
  picture.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return marked(null);
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    marked(within((own.mark ?? own.now) + step));
  });
}

/** The number of a chart as a whole: the sum of its lines where they are parts, else its first line. */
function mainOf({ total }, values) {
  return total ? values.reduce((sum, one) => sum + (one || 0), 0) : values[0];
}

/** The last point's value; of what is known only while something happens, nothing older than that. */
function latestOf(about, points, key) {
  return about.empty ? (points.at(-1)?.[key] ?? Number.NaN) : latest(points, key);
}

/** The lines by their colours with their values; of a line alone, what it is. */
function keysOf({ lines, write, about }, values, isKnown) {
  if (lines.length === 1) return [el("li", {}, about)];
  return lines.map(([, name, colour], index) => {
    const dot = el("span", { class: `dot dot-${colour}`, aria: { hidden: "true" } });
    return el("li", {}, dot, `${name} `, isKnown ? el("b", {}, write(values[index])) : null);
  });
}

function inWords({ title, lines, write, empty }, points, values, when) {
  const told = lines.map(([key, name], index) => {
    const value = Number.isFinite(values[index]) ? write(values[index]) : (empty ?? "unknown");
    return `${name} ${value}, at most ${write(greatest(points, [key]))}`;
  });
  return `${title} over the last minutes; ${when}: ${told.join("; ")}`;
}
