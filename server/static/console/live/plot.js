// What a chart draws within its picture: axes, lines, and the moment that is pointed at.

import { svg } from "../elements.js";
import { linear, ticks } from "../drawing/scales.js";
import { areaPath, linePath } from "./paths.js";
import { greatest, timeMarks } from "./window.js";

export const HEIGHT = 132;
const EDGE = { right: 8, top: 10, bottom: 22 };
const LEAST_LEFT = 34;
const CHARACTER_PX = 6.3;
const NARROW_PX = 236;

/** Return the scales of a chart: `x`, `y`, and its sides; `now` and `span` are seconds. */
export function scalesOf(about, points, width, now, span) {
  const values = valuesOf(about, points);
  const labels = values.map((value) => about.write(value).replace("/s", ""));
  const left = Math.max(LEAST_LEFT, 12 + CHARACTER_PX * Math.max(...labels.map((label) => label.length)));
  const right = width - EDGE.right;
  const x = linear([now - span, now], [left, right]);
  const y = linear([0, values.at(-1)], [HEIGHT - EDGE.bottom, EDGE.top]);
  return { values, labels, left, right, x, y, now, span };
}

/** Return everything that is drawn; `marked` is the point that is pointed at, or null. */
export function partsOf(about, points, scales, marked) {
  return [...across(scales), ...along(scales), ...lines(about, points, scales), ...cursor(about, scales, marked)];
}

/** Return the values that have a mark on the axis; those of bytes are round in their unit. */
function valuesOf({ lines: all, top, whole, binary }, points) {
  const keys = all.map(([key]) => key);
  const most = (top ?? greatest(points, keys)) || 1;
  if (!binary) return ticks(most, 3, { whole });
  const unit = 2 ** (10 * Math.max(0, Math.floor(Math.log2(most) / 10)));
  return ticks(most / unit, 3).map((tick) => tick * unit);
}

function across({ values, labels, left, right, y }) {
  return values.flatMap((value, index) => [
    svg("line", { class: index ? "grid" : "base", x1: left, x2: right, y1: y(value), y2: y(value) }),
    svg("text", { class: "tick", x: left - 7, y: y(value) + 3.5, "text-anchor": "end" }, labels[index]),
  ]);
}

function along({ left, right, x, now, span }) {
  const marks = timeMarks(span, right - left < NARROW_PX ? 2 : 5);
  return marks.map((ago) => {
    const place = { x: x(now - ago), y: HEIGHT - 5, "text-anchor": ago ? "middle" : "end" };
    return svg("text", { class: "tick", ...place }, ago ? agoOf(ago) : "now");
  });
}

function agoOf(seconds) {
  return seconds % 60 ? `−${seconds} s` : `−${seconds / 60} min`;
}

function lines({ lines: all }, points, { x, y }) {
  const floor = y(0);
  return all.toReversed().flatMap(([key, , colour], index) => {
    const path = svg("path", { class: `line stroke-${colour}`, d: linePath(points, key, x, y) });
    if (index < all.length - 1) return [path];
    return [svg("path", { class: `area fill-${colour}`, d: areaPath(points, key, x, y, floor) }), path];
  });
}

function cursor({ lines: all }, { x, y }, marked) {
  if (!marked) return [];
  const at = x(marked.seconds);
  const known = all.filter(([key]) => Number.isFinite(marked[key]));
  return [
    svg("line", { class: "cursor", x1: at, x2: at, y1: EDGE.top, y2: y(0) }),
    ...known.map(([key, , colour]) =>
      svg("circle", { class: `mark fill-${colour}`, cx: at, cy: y(marked[key]), r: 3.5 }),
    ),
  ];
}
