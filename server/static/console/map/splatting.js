// Puts thousands of round points into the pixels of an image in one pass, without the canvas's own paths: those take
// some forty times as long. Pure, but for the pixels.

// From these many points on they have no rim, which would hide the others.
const RIMS_UP_TO = 4000;

// On a map of this height and width points have their usual radius.
const USUAL_SIDE_PX = 760;

/** Return a point's radius in CSS pixels: smaller where there are many or little room, larger on an enlarged map. */
export function radiusOf(count, enlarged, { width, height }) {
  const base = count <= 300 ? 5.5 : count <= 1500 ? 4.2 : count <= 6000 ? 3.2 : 2.3;
  const room = Math.min(1.1, Math.max(0.65, Math.sqrt(width * height) / USUAL_SIDE_PX));
  return base * room * Math.min(2.4, Math.max(0.9, enlarged ** 0.3));
}

/**
 * Return a disc's pixels around its middle, as distances in an image of this width: `solid` ones, and those of its edge
 * with their `cover` of 256. It reaches `reach` pixels far.
 */
export function discOf(radius, width) {
  const reach = Math.ceil(radius + 1);
  const [solid, edge, cover] = [[], [], []];
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      const share = Math.max(0, Math.min(1, radius - Math.hypot(x, y) + 0.5));
      if (share > 0.98) solid.push(x + y * width);
      else if (share > 0.02) {
        edge.push(x + y * width);
        cover.push(Math.round(share * 256));
      }
    }
  }
  return { reach, solid: Int32Array.from(solid), edge: Int32Array.from(edge), cover: Int32Array.from(cover) };
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
 * Draw points into `image` (ImageData, filled with the background here); those that reach over its edge are left out.
 *
 * `points` has `xs`, `ys`, `groups`, `order`; `look` has `background` and `colours` of the groups as [red, green, blue],
 * and `radius` in the image's pixels; `view` maps to pixels: x * scale + left, top - y * scale.
 */
export function splat(image, points, look, view) {
  const { width, height } = image;
  const pixels = new Uint32Array(image.data.buffer);
  const behind = packed(look.background);
  pixels.fill(behind);
  const hasRim = points.xs.length <= RIMS_UP_TO;
  const disc = discOf(look.radius, width);
  const rim = hasRim ? discOf(look.radius + Math.max(1, look.radius * 0.28), width) : disc;
  const words = look.colours.map(packed);
  const { xs, ys, groups, order } = points;
  for (let index = 0; index < order.length; index += 1) {
    const point = order[index];
    const column = Math.round(xs[point] * view.scale + view.left);
    const row = Math.round(view.top - ys[point] * view.scale);
    if (column < rim.reach || row < rim.reach || column + rim.reach >= width || row + rim.reach >= height) continue;
    const at = row * width + column;
    if (hasRim) press(pixels, at, rim, behind);
    press(pixels, at, disc, words[groups[point]]);
  }
}

/** Draw one disc around a pixel. Red and blue of an edge are mixed together: neither reaches into the other's bits. */
function press(pixels, at, { solid, edge, cover }, word) {
  for (let index = 0; index < solid.length; index += 1) pixels[at + solid[index]] = word;
  const [redBlue, green] = [word & 0xff00ff, word & 0xff00];
  for (let index = 0; index < edge.length; index += 1) {
    const [place, own] = [at + edge[index], cover[index]];
    const there = pixels[place];
    const mixed = (Math.imul(there & 0xff00ff, 256 - own) + Math.imul(redBlue, own)) >>> 8;
    const mixedGreen = (Math.imul(there & 0xff00, 256 - own) + Math.imul(green, own)) >>> 8;
    pixels[place] = 0xff000000 | (mixed & 0xff00ff) | (mixedGreen & 0xff00);
  }
}

/** Return an opaque colour as a pixel, where the least byte comes first. */
function packed([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
