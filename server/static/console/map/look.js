// The colours of the groups of a colouring, as the theme has them.

import { along, mix } from "../drawing/mixing.js";
import { readColours } from "../drawing/surface.js";
import { MAX_CATEGORIES } from "./colouring.js";

const SERIES = Array.from({ length: MAX_CATEGORIES }, (_, index) => `--series-${index + 1}`);
const RAMP = ["--ramp-1", "--ramp-2", "--ramp-3", "--ramp-4"];
const STRONG = 1;
const GREY = 0.55;
const FADED = 0.16;

/**
 * Return {background, colours, drawn, shown} of all groups; `alone` is the one that is shown, null for all.
 *
 * `colours` are those of the legend; `drawn` those of points, faded towards the background where others count.
 */
export function lookOf(colouring, alone) {
  const [background, grey, ...series] = readColours(["--surface", "--series-0", ...SERIES]);
  const groups = colouring.kind === "scale" ? scaleColours(colouring.steps) : series;
  const colours = [grey, ...groups];
  const shown = colours.map((_, group) => alone === null || group === alone);
  const strength = (group) => (shown[group] ? (group || alone === 0 ? STRONG : GREY) : FADED);
  const drawn = colours.map((colour, group) => mix(background, colour, strength(group)));
  return { background, colours, drawn, shown };
}

function scaleColours(steps) {
  const ramp = readColours(RAMP);
  return Array.from({ length: steps }, (_, index) => along(ramp, steps > 1 ? index / (steps - 1) : 0));
}
