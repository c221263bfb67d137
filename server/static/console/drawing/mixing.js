// Colours as numbers: parsing, mixing, and scales between colours. Pure functions.

/** Return [red, green, blue] of a colour as `getComputedStyle` or a style sheet writes it. */
export function parse(colour) {
  const text = colour.trim();
  if (text.startsWith("#")) {
    const digits =
      text.length < 6 ? [...text.slice(1, 4)].map((digit) => digit + digit) : text.slice(1, 7).match(/../g);
    return digits.map((pair) => Number.parseInt(pair, 16));
  }
  const numbers = text.match(/-?[\d.]+/g);
  if (!numbers || numbers.length < 3) throw new RangeError(`not a colour: ${colour}`);
  return numbers.slice(0, 3).map(Number);
}

/** Return the colour at `share`, from 0 to 1, between two. */
export function mix(from, to, share) {
  return from.map((part, index) => Math.round(part + (to[index] - part) * share));
}

/** Return the colour at `share`, from 0 to 1, along a list of colours at equal distances. */
export function along(colours, share) {
  const place = Math.min(1, Math.max(0, share)) * (colours.length - 1);
  const before = Math.min(colours.length - 2, Math.floor(place));
  return mix(colours[before], colours[before + 1], place - before);
}

/** Return a colour of three for a value from -1 to 1: the first below zero, the second at it, the third above. */
export function diverging([below, zero, above], value) {
  const share = Math.min(1, Math.abs(value));
  return mix(zero, value < 0 ? below : above, share);
}

export function css([red, green, blue]) {
  return `rgb(${red} ${green} ${blue})`;
}

/** Return relative luminance (WCAG 2.2). */
export function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Return the contrast of two colours, from 1 to 21 (WCAG 2.2). */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Return black or white, whichever is easier to read on this colour. */
export function inkOn(colour) {
  return contrast(colour, [255, 255, 255]) >= contrast(colour, [0, 0, 0]) ? [255, 255, 255] : [0, 0, 0];
}
