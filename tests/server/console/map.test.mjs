import assert from "node:assert/strict";
import test from "node:test";

import { centre, fit, pan, toMap, toScreen, zoom } from "../../../server/static/console/map/camera.js";
import { ApiError } from "../../../server/static/console/api.js";
import { colour } from "../../../server/static/console/map/colouring.js";
import { find } from "../../../server/static/console/map/loading.js";
import { layGrid, nearest, nearestOf } from "../../../server/static/console/map/grid.js";
import { bounds, project } from "../../../server/static/console/map/projecting.js";
import { discOf, drawingOrder, splat } from "../../../server/static/console/map/splatting.js";

const SIZE = { width: 800, height: 600 };

/** Numbers that look random and are the same each time (a linear congruential generator). */
function numbers(count, seed = 7) {
  let state = seed;
  return Float32Array.from({ length: count }, () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32 - 0.5);
}

test("a vector is placed by its distance from the mean along each component", () => {
  assert.deepEqual(
    project(
      [3, 4, 5],
      [1, 1, 1],
      [
        [1, 0, 0],
        [0, 0.5, 0.5],
      ],
    ),
    [2, 3.5],
  );
});

test("bounds hold all points, and those of none are around zero", () => {
  assert.deepEqual(bounds([1, -2], [5, 3]), { left: -2, right: 1, bottom: 3, top: 5 });
  assert.deepEqual(bounds([], []), { left: -1, right: 1, bottom: -1, top: 1 });
});

test("the whole map fits, and screen and map lead to each other", () => {
  const camera = fit({ left: -2, right: 2, bottom: 0, top: 1 }, SIZE);
  const corners = [toScreen(camera, SIZE, -2, 0), toScreen(camera, SIZE, 2, 1)];
  for (const [x, y] of corners) assert.ok(x >= 0 && x <= SIZE.width && y >= 0 && y <= SIZE.height);
  assert.ok(corners[0][1] > corners[1][1], "up is up");
  const back = toMap(camera, SIZE, ...toScreen(camera, SIZE, 0.3, 0.7));
  assert.ok(Math.abs(back[0] - 0.3) < 1e-9 && Math.abs(back[1] - 0.7) < 1e-9);
});

test("what is under the pointer stays there when the map is enlarged", () => {
  const camera = fit({ left: -1, right: 1, bottom: -1, top: 1 }, SIZE);
  const before = toMap(camera, SIZE, 200, 150);
  const larger = zoom(camera, SIZE, 3, 200, 150);
  const after = toMap(larger, SIZE, 200, 150);
  assert.ok(Math.hypot(before[0] - after[0], before[1] - after[1]) < 1e-9);
  assert.equal(zoom(camera, SIZE, 1e9).scale, camera.most);
  assert.equal(zoom(camera, SIZE, 1e-9).scale, camera.least);
});

test("moving the map moves what is on it, and a place can be brought to the middle", () => {
  const camera = fit({ left: -1, right: 1, bottom: -1, top: 1 }, SIZE);
  const [x, y] = toScreen(pan(camera, 10, -20), SIZE, 0, 0);
  assert.ok(Math.abs(x - 410) < 1e-9 && Math.abs(y - 280) < 1e-9);
  assert.deepEqual(toScreen(centre(camera, 0.5, 0.25), SIZE, 0.5, 0.25), [400, 300]);
});

test("the grid finds the same nearest points as looking at all of them", () => {
  const [xs, ys] = [numbers(3000, 1), numbers(3000, 2)];
  const grid = layGrid(xs, ys, bounds(xs, ys));
  for (const [x, y] of [
    [0, 0],
    [0.49, -0.49],
    [-0.7, 0.1],
    [0.123, 0.321],
  ]) {
    const all = Array.from(xs.keys()).sort(
      (a, b) => (xs[a] - x) ** 2 + (ys[a] - y) ** 2 - (xs[b] - x) ** 2 - (ys[b] - y) ** 2,
    );
    assert.deepEqual(nearestOf(grid, x, y, 8, 0.01), all.slice(0, 8));
  }
  assert.deepEqual(nearest(grid, 5, 5, 0.1), []);
});

test("points that are not shown are not found", () => {
  const [xs, ys] = [Float32Array.of(0, 1, 2), Float32Array.of(0, 0, 0)];
  const grid = layGrid(xs, ys, bounds(xs, ys));
  assert.deepEqual(
    nearestOf(grid, 0, 0, 2, 0.1, (point) => point !== 0),
    [1, 2],
  );
  assert.deepEqual(
    nearestOf(grid, 0, 0, 9, 0.1, () => false),
    [],
  );
});

test("points that are all at one place do not break the grid", () => {
  const xs = new Float32Array(100).fill(3);
  const grid = layGrid(xs, xs, bounds(xs, xs));
  assert.equal(nearestOf(grid, 3, 3, 8, 0.1).length, 8);
});

test("the most frequent values get colours, all others share one", () => {
  const values = ["a", "a", "b", 1, "1", null, true, ...Array.from({ length: 12 }, (_, index) => `rare ${index}`)];
  const { kind, groups, entries } = colour(values);
  assert.equal(kind, "categories");
  assert.deepEqual(entries[0], { group: 1, label: "a", count: 2 });
  assert.notEqual(groups[3], groups[4], "the number 1 is not the text 1");
  assert.equal(groups[5], 0);
  assert.equal(
    entries.reduce((sum, { count }) => sum + count, 0),
    values.length,
  );
  assert.deepEqual(
    entries.slice(-2).map(({ label }) => label),
    ["9 other values", "no value"],
  );
});

test("many numbers make a scale, few make categories", () => {
  const scale = colour([...Array.from({ length: 20 }, (_, index) => 1990 + index), null]);
  assert.deepEqual(
    [scale.kind, scale.least, scale.greatest, scale.groups[0], scale.groups[19], scale.groups[20]],
    ["scale", 1990, 2009, 1, 16, 0],
  );
  assert.equal(colour([1, 2, 3, 1]).kind, "categories");
  assert.equal(colour([null, null]).kind, "plain");
});

test("points without a colour lie below the others", () => {
  assert.deepEqual([...drawingOrder(Uint8Array.of(2, 0, 1, 2, 0), [true, true, false])], [0, 1, 3, 4, 2]);
});

test("a point is drawn where the view says, and nothing beyond the edge", () => {
  const image = { width: 20, height: 10, data: new Uint8ClampedArray(20 * 10 * 4) };
  const points = {
    xs: Float32Array.of(0, 100),
    ys: Float32Array.of(0, 0),
    groups: Uint8Array.of(1, 1),
    order: Uint32Array.of(0, 1),
  };
  const look = {
    background: [255, 255, 255],
    colours: [
      [0, 0, 0],
      [200, 0, 0],
    ],
    radius: 2,
  };
  splat(image, points, look, { scale: 1, left: 10, top: 5 });
  const at = (x, y) => [...image.data.slice((y * 20 + x) * 4, (y * 20 + x) * 4 + 4)];
  assert.deepEqual(at(10, 5), [200, 0, 0, 255]);
  assert.deepEqual(at(0, 0), [255, 255, 255, 255]);
  assert.deepEqual([...discOf(0.5, 20).solid], [0]);
});

test("hits are found with a key that may not embed; then the query itself has no place", async () => {
  const projection = { mean: [0, 0], components: [[1, 0], [0, 1]] };
  const hits = [{ id: "a", score: 0.5 }];
  const answering = (embed) => ({ post: async (path) => (path === "embed" ? embed() : hits) });
  const refuse = (status) => () => {
    throw new ApiError(status, {});
  };
  const embedded = await find(answering(() => ({ embeddings: [[3, 4]] })), "default", "q", projection);
  assert.deepEqual(embedded, { query: "q", x: 3, y: 4, hits });
  const forbidden = await find(answering(refuse(403)), "default", "q", projection);
  assert.deepEqual(forbidden, { query: "q", x: null, y: null, hits });
  await assert.rejects(find(answering(refuse(503)), "default", "q", projection), ApiError);
});
