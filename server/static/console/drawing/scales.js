// Scales and ticks of charts, and how numbers are written. Pure functions.

/** Return a function from [start, end] of data to [low, high] of pixels. An empty range of data maps to the middle. */
export function linear([start, end], [low, high]) {
  const span = end - start;
  if (!span) return () => (low + high) / 2;
  return (value) => low + ((value - start) / span) * (high - low);
}

/** Return about `count` round values from 0 to at least `top`: the ticks of an axis. */
export function ticks(top, count = 3, { whole = false } = {}) {
  if (!(top > 0)) return [0, 1];
  let step = roundUp(top / count);
  if (whole) step = Math.max(1, Math.ceil(step));
  const steps = Math.ceil(top / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Return the least of 1, 2, 2.5 and 5 times a power of ten that is not less than `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= value * (1 - 1e-9));
  return factor * power;
}

const UNITS = ["", "k", "M", "G", "T"];

/** Write a number with three digits at most: 0.25, 12.3, 4.1k. */
export function shortNumber(value) {
  if (!Number.isFinite(value)) return "–";
  let [rest, unit] = [Math.abs(value), 0];
  while (rest >= 999.5 && unit < UNITS.length - 1) [rest, unit] = [rest / 1000, unit + 1];
  const digits = rest >= 99.95 || Number.isInteger(rest) ? 0 : rest >= 9.995 ? 1 : 2;
  return `${value < 0 ? "−" : ""}${trimmed(rest.toFixed(digits))}${UNITS[unit]}`;
}

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Write bytes in the unit of 1,024 that suits them. */
export function bytes(value) {
  if (!Number.isFinite(value)) return "–";
  let [rest, unit] = [value, 0];
  while (rest >= 999.5 && unit < BYTES.length - 1) [rest, unit] = [rest / 1024, unit + 1];
  return `${trimmed(rest.toFixed(rest >= 99.95 || unit === 0 ? 0 : 1))} ${BYTES[unit]}`;
}

/** Write seconds as microseconds, milliseconds or seconds. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds === 0) return "0 ms";
  if (seconds < 0.0009995) return `${shortNumber(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${shortNumber(seconds * 1e3)} ms`;
  return `${shortNumber(seconds)} s`;
}

/** Write a share as a percentage. */
export function percent(share) {
  return Number.isFinite(share) ? `${shortNumber(share * 100)} %` : "–";
}

/** Write a whole number with commas between thousands. */
export function whole(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en") : "–";
}

/** Write a cosine or another signed number with a true minus sign. */
export function signed(value, digits = 3) {
  return value.toFixed(digits).replace("-", "−");
}

function trimmed(digits) {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
