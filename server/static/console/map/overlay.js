// What lies over the points: the query and its hits, the point under the pointer, the one that is chosen, and the middle
// for those who move by the keyboard.

import { css } from "../drawing/mixing.js";
import { toScreen } from "./camera.js";

export const OVERLAY_COLOURS = ["--text", "--surface", "--accent", "--muted"];
const NUMBERED = 9;

/** Draw what `seen` has of it: `found`, `hovered`, `chosen`, `crosshair`. `places` has xs and ys. */
export function drawOverlay(context, size, [text, surface, accent, muted], camera, places, seen) {
  context.clearRect(0, 0, size.width, size.height);
  const at = (point) => toScreen(camera, size, places.xs[point], places.ys[point]);
  if (seen.chosen >= 0) ring(context, at(seen.chosen), 12, 3, css(text), css(surface));
  if (seen.found) drawFound(context, size, { text, surface, accent }, camera, seen.found, at);
  if (seen.crosshair) drawCrosshair(context, size, muted);
  if (seen.hovered >= 0 && seen.hovered !== seen.chosen) ring(context, at(seen.hovered), 8, 2, css(text), css(surface));
}

function ring(context, [x, y], radius, width, colour, halo) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = halo;
  context.lineWidth = width + 3;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

/** The hits, and where it is known the query's place with a line to each. */
function drawFound(context, size, colours, camera, found, at) {
  const hits = found.points.map(at);
  const place = found.x === null ? null : toScreen(camera, size, found.x, found.y);
  if (place) drawLines(context, place, hits, colours.accent);
  hits.toReversed().forEach((hit, index) => drawHit(context, hit, hits.length - index, colours));
  if (place) drawQuery(context, place, colours);
}

function drawLines(context, place, hits, accent) {
  context.strokeStyle = css(accent);
  context.lineWidth = 1;
  context.globalAlpha = 0.4;
  context.beginPath();
  for (const [x, y] of hits) {
    context.moveTo(...place);
    context.lineTo(x, y);
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** The best hits carry their rank, so that they are found in the list, too. */
function drawHit(context, [x, y], rank, { surface, accent }) {
  if (rank > NUMBERED) {
    ring(context, [x, y], 6, 2, css(accent), css(surface));
    return;
  }
  disc(context, [x, y], 9, css(accent), css(surface));
  context.fillStyle = css(surface);
  context.font = "600 11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(String(rank), x, y + 0.5);
}

function disc(context, [x, y], radius, colour, halo) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.strokeStyle = halo;
  context.lineWidth = 2;
  context.fill();
  context.stroke();
}

/** The query is a square that stands on its corner, unlike any document. */
function drawQuery(context, [x, y], { text, surface }) {
  context.save();
  context.translate(x, y);
  context.rotate(Math.PI / 4);
  context.fillStyle = css(text);
  context.strokeStyle = css(surface);
  context.lineWidth = 3;
  context.beginPath();
  context.roundRect(-8, -8, 16, 16, 3);
  context.stroke();
  context.fill();
  context.fillStyle = css(surface);
  context.fillRect(-2.5, -2.5, 5, 5);
  context.restore();
}

function drawCrosshair(context, { width, height }, colour) {
  const [x, y] = [width / 2, height / 2];
  context.strokeStyle = css(colour);
  context.lineWidth = 1.5;
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(x + dx * 5, y + dy * 5);
    context.lineTo(x + dx * 14, y + dy * 14);
  }
  context.stroke();
}
