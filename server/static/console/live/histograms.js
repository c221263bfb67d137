// What happened between two readings of a histogram: its difference, mean and percentiles. Pure functions.

/** Return what the later reading counted beyond the earlier one. A server that was restarted has counted from zero. */
export function difference(later, earlier) {
  if (!earlier || later.count < earlier.count || later.bounds.length !== earlier.bounds.length) return later;
  return {
    bounds: later.bounds,
    counts: later.counts.map((count, bucket) => count - earlier.counts[bucket]),
    sum: later.sum - earlier.sum,
    count: later.count - earlier.count,
  };
}

/** Return the mean, NaN where nothing was counted. */
export function mean({ sum, count }) {
  return count ? sum / count : Number.NaN;
}

/**
 * Return the value that the share `quantile` is not above, NaN where nothing was counted.
 *
 * Within a bucket values are taken to lie evenly, as Prometheus does; beyond the last bound its bound is told.
 */
export function quantile({ bounds, counts, count }, share) {
  if (!count) return Number.NaN;
  const rank = share * count;
  const bucket = counts.findIndex((below) => below >= rank);
  if (bucket < 0) return bounds.at(-1);
  if (bounds[bucket] === Infinity) return bounds[bucket - 1] ?? Number.NaN;
  const [low, below] = bucket ? [bounds[bucket - 1], counts[bucket - 1]] : [0, 0];
  const inside = counts[bucket] - below;
  return low + (bounds[bucket] - low) * (inside ? (rank - below) / inside : 1);
}

/** Return how many values lie in each bucket alone, with the bound it goes up to. */
export function shares({ bounds, counts, count }) {
  return bounds.map((bound, bucket) => {
    const own = counts[bucket] - (bucket ? counts[bucket - 1] : 0);
    return { bound, count: own, share: count ? own / count : 0 };
  });
}
