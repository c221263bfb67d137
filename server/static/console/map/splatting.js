// Puts thousands of round points into the pixels of an image in one pass, without the canvas's own paths: those take
// some forty times as long. Pure, but for the pixels.

// From these many points on they have no rim, which would hide the others.
const RIMS_UP_TO = 4000;

/** Return a point's radius in CSS pixels: smaller where there are many, larger where the map is enlarged. */
export function radiusOf(count, enlarged) {
  const base = count <= 300 ? 5.5 : count <= 1500 ? 4.2 : count <= 6000 ? 3.2 : 2.3;
  return base * Math.min(2.4, Math.max(0.9, enlarged ** 0.3));
}

/** Return the pixels around a point's middle, with how much of each is the point's, and how much its rim's. */
export function stampOf(radius, withRim) {
  const rim = withRim ? Math.max(1, radius * 0.28) : 0;
  const reach = Math.ceil(radius + rim + 1);
  const [dx, dy, fill, edge] = [[], [], [], []];
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      const away = Math.hypot(x, y);
      const inside = clamp(radius - away + 0.5);
      const outside = withRim ? clamp(radius + rim - away + 0.5) : inside;
      if (outside <= 0.02) continue;
      dx.push(x);
      dy.push(y);
      fill.push(Math.round(inside * 256));
      edge.push(Math.round(outside * 256));
    }
  }
  return {
    reach,
    dx: Int32Array.from(dx),
    dy: Int32Array.from(dy),
    fill: Int32Array.from(fill),
    edge: Int32Array.from(edge),
  };
}

/** Return the order in which points are drawn: group 0 and those that are not shown first, below the others. */
export function drawingOrder(groups, shown) {
  const order = new Uint32Array(groups.length);
  let [front, back] = [0, groups.length];
  for (let point = 0; point < groups.length; point += 1)
    if (!groups[point] || !shown[groups[point]]) order[front++] = point;
  for (let point = groups.length - 1; point >= 0; point -= 1)
    if (groups[point] && shown[groups[point]]) order[--back] = point;
  return order;
}

/**
 * Draw points into `image` (ImageData, filled with the background here).
 *
 * `points` has `xs`, `ys`, `groups`, `order`; `look` has `background` and `colours` of the groups as [red, green, blue],
 * `alphas` of the groups from 0 to 1, and `radius` in the image's pixels; `view` maps to pixels: x * scale + left.
 */
export function splat(image, points, look, view) {
  const { data, width, height } = image;
  const [red, green, blue] = look.background;
  new Uint32Array(data.buffer).fill(((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0);
  const stamp = stampOf(look.radius, points.xs.length <= RIMS_UP_TO);
  const { reach } = stamp;
  for (const point of points.order) {
    const column = Math.round(points.xs[point] * view.scale + view.left);
    const row = Math.round(view.top - points.ys[point] * view.scale);
    if (column < -reach || row < -reach || column >= width + reach || row >= height + reach) continue;
    const group = points.groups[point];
    press(data, width, height, column, row, stamp, look.colours[group], look.alphas[group], look.background);
  }
}

function press(data, width, height, column, row, { dx, dy, fill, edge }, [red, green, blue], alpha, [r, g, b]) {
  for (let index = 0; index < dx.length; index += 1) {
    const [x, y] = [column + dx[index], row + dy[index]];
    if (x < 0 || y < 0 || x >= width || y >= height) continue;
    const at = (y * width + x) * 4;
    const whole = edge[index] * alpha;
    const own = fill[index] / edge[index];
    data[at] += ((r + (red - r) * own - data[at]) * whole) / 256;
    data[at + 1] += ((g + (green - g) * own - data[at + 1]) * whole) / 256;
    data[at + 2] += ((b + (blue - b) * own - data[at + 2]) * whole) / 256;
  }
}

function clamp(share) {
  return Math.max(0, Math.min(1, share));
}
