// The last minutes as points in time: figures go in at one end and are forgotten at the other.

export const WINDOW_S = 300;
const LEAST_S = 60;
// Readings that are further apart than so many of them leave a gap: the page was hidden, or the server away.
const GAP_READINGS = 4;

/** Return the points with one more, without those that are older than the window. */
export function add(points, point, windowS = WINDOW_S) {
  const oldest = point.seconds - windowS;
  const kept = points.filter((one) => one.seconds >= oldest);
  const last = kept.at(-1);
  if (last && point.seconds - last.seconds > GAP_READINGS * point.everyS)
    kept.push({ seconds: (last.seconds + point.seconds) / 2, gap: true });
  return [...kept, point];
}

/** Return how many seconds are shown: those that there are points of, a minute at least and the window at most. */
export function shownSpan(points, now) {
  return points.length ? Math.min(WINDOW_S, Math.max(LEAST_S, now - points[0].seconds)) : LEAST_S;
}

/** Return the marks of a time axis, as seconds before now: a few round ones. */
export function timeMarks(span, most = 4) {
  const step = [15, 30, 60, 120, 300].find((one) => span / one <= most + 0.5);
  return Array.from({ length: Math.floor((span - 1) / step) + 1 }, (_, index) => index * step);
}

/** Return the greatest of some figures over all points, 0 where there is none. */
export function greatest(points, keys) {
  let most = 0;
  for (const point of points) for (const key of keys) if (point[key] > most) most = point[key];
  return most;
}

/** Return the last value of a figure that is known, NaN where there is none. */
export function latest(points, key) {
  for (let index = points.length - 1; index >= 0; index -= 1)
    if (Number.isFinite(points[index][key])) return points[index][key];
  return Number.NaN;
}

/** Return the point that is nearest to a time, null where there is none. */
export function nearestPoint(points, seconds) {
  let found = null;
  for (const point of points) {
    if (point.gap) continue;
    if (!found || Math.abs(point.seconds - seconds) < Math.abs(found.seconds - seconds)) found = point;
  }
  return found;
}

/** Return lists of neighbouring points at which a figure is known: what one line connects. */
export function segments(points, key) {
  const found = [];
  let current = null;
  for (const point of points) {
    if (!Number.isFinite(point[key])) {
      current = null;
      continue;
    }
    if (!current) found.push((current = []));
    current.push(point);
  }
  return found;
}
