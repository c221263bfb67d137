// A grid over points that answers which ones are nearest, without looking at all of them. Pure, but for its arrays.

/** Lay a grid over points with about two in a cell: `starts` of each cell in `order`, which lists points by cells. */
export function layGrid(xs, ys, { left, right, bottom, top }) {
  const side = Math.max(1, Math.min(512, Math.ceil(Math.sqrt(xs.length / 2))));
  const [width, height] = [(right - left) / side || 1, (top - bottom) / side || 1];
  const cellOf = (x, y) => clamp((y - bottom) / height, side) * side + clamp((x - left) / width, side);
  const starts = new Uint32Array(side * side + 1);
  const cells = new Uint32Array(xs.length);
  for (let point = 0; point < xs.length; point += 1) {
    cells[point] = cellOf(xs[point], ys[point]);
    starts[cells[point] + 1] += 1;
  }
  for (let cell = 0; cell < side * side; cell += 1) starts[cell + 1] += starts[cell];
  const [next, order] = [starts.slice(), new Uint32Array(xs.length)];
  for (let point = 0; point < xs.length; point += 1) {
    order[next[cells[point]]] = point;
    next[cells[point]] += 1;
  }
  return { xs, ys, side, left, bottom, width, height, starts, order };
}

/** Return the nearest points within `radius` of a place, nearest first, at most `count`. `shown` says which count. */
export function nearest(grid, x, y, radius, count = 1, shown = () => true) {
  const found = [];
  const [west, east] = [
    clamp((x - radius - grid.left) / grid.width, grid.side),
    clamp((x + radius - grid.left) / grid.width, grid.side),
  ];
  const [south, north] = [
    clamp((y - radius - grid.bottom) / grid.height, grid.side),
    clamp((y + radius - grid.bottom) / grid.height, grid.side),
  ];
  for (let row = south; row <= north; row += 1) {
    const cells = [row * grid.side + west, row * grid.side + east];
    for (let place = grid.starts[cells[0]]; place < grid.starts[cells[1] + 1]; place += 1) {
      const point = grid.order[place];
      const square = (grid.xs[point] - x) ** 2 + (grid.ys[point] - y) ** 2;
      if (square <= radius * radius && shown(point)) keep(found, { point, square }, count);
    }
  }
  return found.map((one) => one.point);
}

/** Return the `count` nearest points to a place, however far they are: the radius grows until there are so many. */
export function nearestOf(grid, x, y, count, radius, shown = () => true) {
  const wanted = Math.min(count, grid.xs.length);
  const most =
    4 * Math.hypot(grid.width * grid.side, grid.height * grid.side) + Math.hypot(x - grid.left, y - grid.bottom);
  let found = [];
  for (let reach = radius; ; reach *= 2) {
    found = nearest(grid, x, y, reach, wanted, shown);
    if (found.length >= wanted || reach > most) return found;
  }
}

/** Put a point into a short list in the order of distance; the list stays as short as `count`. */
function keep(found, one, count) {
  if (found.length === count && found.at(-1).square <= one.square) return;
  let place = found.length;
  while (place > 0 && found[place - 1].square > one.square) place -= 1;
  found.splice(place, 0, one);
  if (found.length > count) found.pop();
}

function clamp(value, side) {
  return Math.max(0, Math.min(side - 1, Math.floor(value)));
}
