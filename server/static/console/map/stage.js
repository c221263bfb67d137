// The map itself: two canvases, the points below and what is drawn over them above, and the camera that looks at them.

import { el } from "../elements.js";
import { surface } from "../drawing/surface.js";
import * as cameras from "./camera.js";
import { followKeys, followPointers } from "./gestures.js";
import { layGrid, nearest, nearestOf } from "./grid.js";
import { drawOverlay, OVERLAY_COLOURS } from "./overlay.js";
import { bounds } from "./projecting.js";
import { pointTip } from "./tip.js";
import { drawingOrder, radiusOf, splat } from "./splatting.js";

const REACH_PX = 16;
const NEAREST = 8;
const MARGIN_PX = 20;
const GLIDE_MS = 260;
const ABOUT =
  "Arrow keys move the map, + and − enlarge it, 0 shows all of it, Enter chooses what is nearest to the middle.";

/** Return the stage. `on` has `point(index)`, `choose(index)` (-1 for none) and `moved()`; `colouring` see `paint`. */
export function stage(state, on) {
  const points = el("canvas", { class: "map-points", aria: { hidden: "true" } });
  const over = el("canvas", {
    class: "map-over",
    tabindex: "0",
    role: "application",
    aria: { label: "Map of documents", describedby: "map-keys" },
  });
  const tip = pointTip();
  const about = el("p", { class: "map-keys", id: "map-keys" }, ABOUT);
  const node = el("div", { class: "map-stage" }, points, over, tip.node, about);
  const own = { places: emptyPlaces(), grid: null, camera: null, whole: null, look: null, image: null, glide: 0 };
  const seen = { found: null, hovered: -1, chosen: -1, crosshair: false };

  const size = () => ({ width: over.clientWidth, height: over.clientHeight });
  const shows = (point) => !own.look || own.look.shown[own.places.groups[point]];
  const camera = () => (own.camera ??= own.whole = cameras.fit(bounds(own.places.xs, own.places.ys), size()));
  const at = (left, top) => {
    if (!own.grid) return -1;
    const [x, y] = cameras.toMap(camera(), size(), left, top);
    return nearest(own.grid, x, y, REACH_PX / camera().scale, 1, shows)[0] ?? -1;
  };

  const below = surface(points, state, [], (context, canvasSize) => {
    if (own.look) drawPoints(context, canvasSize, own, camera());
  });
  const above = surface(over, state, OVERLAY_COLOURS, (context, canvasSize, palette) => {
    drawOverlay(context, canvasSize, palette, camera(), own.places, seen);
  });
  const redraw = () => {
    below.changed();
    above.changed();
  };
  const look = (next) => {
    tip.hide();
    own.camera = next;
    redraw();
  };
  const move = (next) => {
    cancelAnimationFrame(own.glide);
    look(next);
    on.moved();
  };
  const hover = (point) => {
    if (point === seen.hovered) return;
    seen.hovered = point;
    tip.hide();
    over.classList.toggle("is-over", point >= 0);
    above.changed();
    on.point(point);
  };

  const moves = {
    pan: (right, down) => move(cameras.pan(camera(), right, down)),
    zoom: (factor, left, top) => move(cameras.zoom(camera(), size(), factor, left, top)),
    whole: () => move((own.whole = cameras.fit(bounds(own.places.xs, own.places.ys), size()))),
    point: (left, top) => hover(at(left, top)),
    away: () => hover(-1),
    choose: (left, top) => on.choose(at(left, top)),
    chooseMiddle: () => on.choose(self.nearest(camera().x, camera().y, 1)[0] ?? -1),
  };
  followPointers(over, moves);
  followKeys(over, moves);
  const crosshair = (shown) => {
    seen.crosshair = shown;
    above.changed();
  };
  over.addEventListener("focus", () => crosshair(over.matches(":focus-visible")));
  over.addEventListener("blur", () => crosshair(false));

  const self = {
    node,
    zoom: (factor) => moves.zoom(factor),
    whole: moves.whole,
    middle: () => [camera().x, camera().y],
    focus: () => over.focus(),

    /** Say a text beside the point that is pointed at or chosen. */
    say(point, text) {
      if (point !== seen.hovered && point !== seen.chosen) return;
      tip.show(...cameras.toScreen(camera(), size(), own.places.xs[point], own.places.ys[point]), size(), text);
    },

    /** Show other points, all of them in view. */
    load(xs, ys) {
      own.places = { xs, ys, groups: new Uint8Array(xs.length), order: new Uint32Array(0) };
      own.grid = xs.length ? layGrid(xs, ys, bounds(xs, ys)) : null;
      own.camera = null;
      Object.assign(seen, { found: null, hovered: -1, chosen: -1 });
      redraw();
    },

    /** Colour the points: `groups` of each, and `look` with `background`, `drawn` and `shown` of the groups. */
    paint(groups, colouring) {
      own.places.groups = groups;
      own.places.order = drawingOrder(groups, colouring.shown);
      own.look = colouring;
      redraw();
    },

    showFound(found) {
      seen.found = found;
      above.changed();
    },

    choose(point) {
      seen.chosen = point;
      above.changed();
    },

    /** Bring a place into the middle. */
    goTo(x, y, enlarged = 1) {
      const target = cameras.centre(camera(), x, y, (own.whole?.scale ?? camera().scale) * enlarged);
      cancelAnimationFrame(own.glide);
      glide(own, target, look);
    },

    nearest: (x, y, count = NEAREST) =>
      own.grid ? nearestOf(own.grid, x, y, count, REACH_PX / camera().scale, shows) : [],
    place: (point) => [own.places.xs[point], own.places.ys[point]],

    end() {
      cancelAnimationFrame(own.glide);
      below.end();
      above.end();
    },
  };
  return self;
}

function emptyPlaces() {
  return { xs: new Float32Array(0), ys: new Float32Array(0), groups: new Uint8Array(0), order: new Uint32Array(0) };
}

/** Draw all points into an image that is larger than the canvas by a margin, so that those at its edge are whole. */
function drawPoints(context, { width, height, ratio }, own, camera) {
  const margin = Math.round(MARGIN_PX * ratio);
  const [columns, rows] = [Math.round(width * ratio) + 2 * margin, Math.round(height * ratio) + 2 * margin];
  if (own.image?.width !== columns || own.image.height !== rows) own.image = context.createImageData(columns, rows);
  const enlarged = own.whole ? camera.scale / own.whole.scale : 1;
  const radius = radiusOf(own.places.xs.length, enlarged, { width, height }) * ratio;
  const scale = camera.scale * ratio;
  const view = { scale, left: columns / 2 - camera.x * scale, top: rows / 2 + camera.y * scale };
  splat(own.image, own.places, { background: own.look.background, colours: own.look.drawn, radius }, view);
  context.putImageData(own.image, -margin, -margin);
}

/** Move the camera there in a moment, or at once for those who want no motion. */
function glide(own, target, look) {
  const start = own.camera;
  const begun = performance.now();
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const step = (now) => {
    const share = isStill ? 1 : Math.min(1, Math.max(0, (now - begun) / GLIDE_MS));
    const eased = 1 - (1 - share) ** 3;
    const part = (name) => start[name] + (target[name] - start[name]) * eased;
    look({ ...target, x: part("x"), y: part("y"), scale: part("scale") });
    if (share < 1) own.glide = requestAnimationFrame(step);
  };
  step(begun);
}
