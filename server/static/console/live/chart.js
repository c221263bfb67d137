// One chart: its title with the number of now, lines over the last minutes, and what they were at a moment that the
// pointer or the arrow keys choose.

import { el, fill, svg } from "../elements.js";
import { linear, ticks } from "../drawing/scales.js";
import { areaPath, linePath } from "./paths.js";
import { greatest, latest, nearestPoint, WINDOW_S } from "./window.js";

const HEIGHT = 132;
const EDGE = { left: 46, right: 10, top: 10, bottom: 22 };
const MINUTES = [5, 4, 3, 2, 1, 0];

/** Return {node, draw(points, now), mark(seconds), end()} for an entry of CHARTS; `marked(seconds)` tells what is pointed at. */
export function chart(about, marked) {
  const own = { points: [], now: 0, width: 0, mark: null, x: null };
  const value = el("p", { class: "chart-value" });
  const keys = el("ul", { class: "chart-keys" });
  const picture = svg("svg", { class: "chart-picture", role: "img", tabindex: "0", height: HEIGHT });
  const title = el("h3", { id: `chart-${about.id}`, title: about.about }, about.title);
  const node = el(
    "section",
    { class: "card chart", aria: { labelledby: `chart-${about.id}` } },
    el("header", {}, title, value),
    picture,
    keys,
  );

  function draw(points, now) {
    Object.assign(own, { points, now });
    const width = own.width || picture.clientWidth;
    if (!width) return;
    const top = topOf(about, points);
    own.x = linear([now - WINDOW_S, now], [EDGE.left, width - EDGE.right]);
    const y = linear([0, top.at(-1)], [HEIGHT - EDGE.bottom, EDGE.top]);
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    picture.replaceChildren(
      ...axes(about, top, width, own.x, y, now),
      ...lines(about, points, own.x, y),
      cursor(own, y),
    );
    tell();
  }

  function tell() {
    const point = own.mark === null ? null : nearestPoint(own.points, own.mark);
    const of = (key) => (point ? point[key] : latestOf(about, own.points, key));
    const values = about.lines.map(([key]) => of(key));
    const known = values.some(Number.isFinite);
    const main = about.total ? values.reduce((sum, one) => sum + (one || 0), 0) : values[0];
    value.textContent = known ? about.write(main) : (about.empty ?? "–");
    value.classList.toggle("is-empty", !known);
    fill(
      keys,
      about.lines.length > 1
        ? about.lines.map(([, name, colour], index) => keyOf(name, colour, known ? about.write(values[index]) : ""))
        : null,
      point ? el("li", { class: "chart-when" }, `${Math.round(own.now - point.seconds)} s ago`) : null,
    );
    picture.setAttribute(
      "aria-label",
      inWords(about, own.points, values, point ? `${Math.round(own.now - point.seconds)} seconds ago` : "now"),
    );
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
  const at = (event) => {
    const left = event.clientX - picture.getBoundingClientRect().left;
    const share = (left - EDGE.left) / (own.width - EDGE.left - EDGE.right);
    return own.now - WINDOW_S * (1 - Math.min(1, Math.max(0, share)));
  };
  picture.addEventListener("pointermove", (event) => marked(at(event)));
  picture.addEventListener("pointerdown", (event) => marked(at(event)));
  picture.addEventListener("pointerleave", () => marked(null));
  picture.addEventListener("blur", () => marked(null));
  picture.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -2, ArrowRight: 2, PageUp: -30, PageDown: 30 }[event.key];
    if (event.key === "Escape") return marked(null);
    if (!step) return;
    event.preventDefault();
    marked(Math.min(own.now, Math.max(own.now - WINDOW_S, (own.mark ?? own.now) + step)));
  });
}

function topOf({ lines: own, top, whole, binary }, points) {
  const most =
    top ??
    greatest(
      points,
      own.map(([key]) => key),
    );
  if (!binary) return ticks(most || 1, 3, { whole });
  const unit = 2 ** (10 * Math.max(0, Math.floor(Math.log2(most || 1) / 10)));
  return ticks((most || 1) / unit, 3).map((tick) => tick * unit);
}

function axes({ write }, values, width, x, y, now) {
  const across = values.flatMap((value, index) => [
    svg("line", { class: index ? "grid" : "base", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
    svg(
      "text",
      { class: "tick", x: EDGE.left - 7, y: y(value) + 3.5, "text-anchor": "end" },
      write(value).replace("/s", ""),
    ),
  ]);
  const shown = width < 300 ? MINUTES.filter((minute) => minute % 5 === 0) : MINUTES;
  const along = shown.map((minute) => {
    const anchor = minute === 0 ? "end" : minute === 5 ? "start" : "middle";
    return svg(
      "text",
      { class: "tick", x: x(now - minute * 60), y: HEIGHT - 6, "text-anchor": anchor },
      minute ? `−${minute} min` : "now",
    );
  });
  return [...across, ...along];
}

function lines({ lines: all }, points, x, y) {
  const floor = y(0);
  return all.toReversed().flatMap(([key, , colour], index) => {
    const path = svg("path", { class: `line stroke-${colour}`, d: linePath(points, key, x, y) });
    if (index < all.length - 1) return [path];
    return [svg("path", { class: `area fill-${colour}`, d: areaPath(points, key, x, y, floor) }), path];
  });
}

function cursor(own, y) {
  const point = own.mark === null ? null : nearestPoint(own.points, own.mark);
  if (!point) return svg("g");
  const at = own.x(point.seconds);
  return svg("line", { class: "cursor", x1: at, x2: at, y1: EDGE.top, y2: y(0) });
}

/** The last point's value; of what is only known while something happens, nothing older than that. */
function latestOf(about, points, key) {
  return about.empty ? (points.at(-1)?.[key] ?? Number.NaN) : latest(points, key);
}

function keyOf(name, colour, value) {
  return el(
    "li",
    {},
    el("span", { class: `dot dot-${colour}`, aria: { hidden: "true" } }),
    `${name} `,
    el("b", {}, value),
  );
}

function inWords({ title, lines: all, write, empty }, points, values, when) {
  const told = all.map(([key, name], index) => {
    const value = Number.isFinite(values[index]) ? write(values[index]) : (empty ?? "unknown");
    return `${name} ${value}, at most ${write(greatest(points, [key]))}`;
  });
  return `${title} over the last five minutes; ${when}: ${told.join("; ")}`;
}
