// Where a vector stands on the map. Pure functions.

/** Return [x, y] of a vector: its distance from the mean along each of two components. */
export function project(vector, mean, components) {
  return components.map((component) => {
    let sum = 0;
    for (let index = 0; index < vector.length; index += 1) sum += (vector[index] - mean[index]) * component[index];
    return sum;
  });
}

/** Return the bounds of points, as {left, right, bottom, top}; of none, those around zero. */
export function bounds(xs, ys) {
  if (!xs.length) return { left: -1, right: 1, bottom: -1, top: 1 };
  const found = { left: Infinity, right: -Infinity, bottom: Infinity, top: -Infinity };
  for (let index = 0; index < xs.length; index += 1) {
    found.left = Math.min(found.left, xs[index]);
    found.right = Math.max(found.right, xs[index]);
    found.bottom = Math.min(found.bottom, ys[index]);
    found.top = Math.max(found.top, ys[index]);
  }
  return found;
}
