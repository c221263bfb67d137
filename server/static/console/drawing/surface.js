// A canvas that is as sharp as the screen: it follows its size, the screen's scale and the theme, and is drawn at most
// once a frame, and only when something has changed.

import { colours, onColours } from "../colours.js";
import { parse } from "./mixing.js";

const MAX_RATIO = 3;

/**
 * Draw on a canvas with `draw(context, size, palette)`: size has `width` and `height` in CSS pixels and the `ratio` to
 * those of the screen; palette has the custom properties in `names` as [red, green, blue], as the theme has them now.
 * Returns `changed()`, which asks for a new frame, and `end()`.
 */
export function surface(canvas, state, names, draw) {
  const context = canvas.getContext("2d");
  let frame = 0;
  let palette = null;
  const paint = () => {
    frame = 0;
    const size = fitted(canvas);
    if (!size.width || !size.height) return;
    palette ??= readColours(names);
    context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
    draw(context, size, palette);
  };
  const changed = () => {
    frame ||= requestAnimationFrame(paint);
  };
  const resizes = new ResizeObserver(changed);
  resizes.observe(canvas);
  const unwatch = onColours(state, () => {
    palette = null;
    changed();
  });
  return {
    changed,
    end() {
      cancelAnimationFrame(frame);
      resizes.disconnect();
      unwatch();
    },
  };
}

/** Return custom properties of the style sheet as [red, green, blue]. */
export function readColours(names) {
  return colours(...names).map(parse);
}

/** Give the canvas as many pixels as it covers on the screen; return its size. */
function fitted(canvas) {
  const ratio = Math.min(MAX_RATIO, window.devicePixelRatio || 1);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  return { width, height, ratio };
}
