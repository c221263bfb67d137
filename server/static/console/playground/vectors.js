// What is said of vectors, and how a strip of their values is laid out. Pure functions.

/** Return the columns and rows in which so many values are drawn on a strip of a width, whole rows where it can be. */
export function stripLayout(count, width, leastPixels = 1.9) {
  const most = Math.max(1, Math.floor(width / leastPixels));
  let rows = Math.max(1, Math.ceil(count / most));
  while (count % rows && rows < count && rows < 16) rows += 1;
  return { columns: Math.ceil(count / rows), rows };
}

/** Return the index of the value at a point of the strip, or -1 beside it. */
export function indexAt({ columns, rows }, count, { width, height }, x, y) {
  const [column, row] = [Math.floor((x / width) * columns), Math.floor((y / height) * rows)];
  if (column < 0 || column >= columns || row < 0 || row >= rows) return -1;
  const index = row * columns + column;
  return index < count ? index : -1;
}

/** Return the value whose size is greater than that of the share `quantile` of all, for a scale that outliers spare. */
export function reach(values, quantile = 0.98) {
  const sizes = Float32Array.from(values, Math.abs).sort();
  return sizes[Math.min(sizes.length - 1, Math.floor(quantile * sizes.length))] || 1;
}

/** Return the index of the least and of the greatest value, and the length of the vector. */
export function summary(values) {
  let [least, greatest, squares] = [0, 0, 0];
  values.forEach((value, index) => {
    if (value < values[least]) least = index;
    if (value > values[greatest]) greatest = index;
    squares += value * value;
  });
  return { least, greatest, length: Math.sqrt(squares) };
}

/** Return the two different rows of a matrix of similarities that are most alike, and those that are least. */
export function extremes(matrix) {
  let [nearest, farthest] = [null, null];
  matrix.forEach((row, one) => {
    for (let other = one + 1; other < row.length; other += 1) {
      const pair = { one, other, value: row[other] };
      if (!nearest || pair.value > nearest.value) nearest = pair;
      if (!farthest || pair.value < farthest.value) farthest = pair;
    }
  });
  return { nearest, farthest };
}
