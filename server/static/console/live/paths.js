// Lines of a chart as paths of SVG. Pure functions.

import { segments } from "./window.js";

/** Return the path of a figure over points, in pixels of the scales; a point alone is a short dash. */
export function linePath(points, key, x, y) {
  return segments(points, key)
    .map((run) => {
      const places = run.map((point) => `${round(x(point.seconds))} ${round(y(point[key]))}`);
      return places.length > 1 ? `M${places.join("L")}` : `M${places[0]}h0.01`;
    })
    .join("");
}

/** Return the path of the area below it, down to `floor`. */
export function areaPath(points, key, x, y, floor) {
  return segments(points, key)
    .filter((run) => run.length > 1)
    .map((run) => {
      const places = run.map((point) => `${round(x(point.seconds))} ${round(y(point[key]))}`);
      return `M${round(x(run[0].seconds))} ${floor}L${places.join("L")}L${round(x(run.at(-1).seconds))} ${floor}Z`;
    })
    .join("");
}

function round(value) {
  return Math.round(value * 10) / 10;
}
