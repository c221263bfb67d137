import assert from "node:assert/strict";
import test from "node:test";

import { parseTiming, total, writeMs } from "../../../server/static/console/playground/timing.js";
import { countInWords, pieces, placesOfBytes } from "../../../server/static/console/playground/tokens.js";
import { extremes, indexAt, reach, stripLayout, summary } from "../../../server/static/console/playground/vectors.js";

const special = (text, id) => ({ id, text, special: true, start: null, stop: null });
const word = (text, id, start, stop) => ({ id, text, special: false, start, stop });

test("server-timing is read by its parts", () => {
  const parts = parseTiming('queue;dur=0.125, tokenize;dur="0.5", inference;desc="x";dur=2, lost, other;dur=x');
  assert.deepEqual(
    parts.map(({ name, ms }) => [name, ms]),
    [
      ["queue", 0.125],
      ["tokenize", 0.5],
      ["inference", 2],
    ],
  );
  assert.equal(total(parts), 2.625);
  assert.deepEqual(parseTiming(null), []);
  assert.deepEqual([0, 0.004, 0.12, 3.14159, 250.4].map(writeMs), ["0 ms", "< 0.01 ms", "0.12 ms", "3.1 ms", "250 ms"]);
});

test("bytes of UTF-8 are found in a string of any characters", () => {
  assert.deepEqual(placesOfBytes("aé🙂b"), [0, 1, 1, 2, 2, 2, 2, 4, 5]);
});

test("tokens are pieces of the text, with what stands between them", () => {
  const tokens = [
    special("[CLS]", 101),
    word("na", 1, 0, 2),
    word("ïve", 2, 2, 6),
    word("cat", 3, 7, 10),
    special("[SEP]", 102),
  ];
  const found = pieces("naïve cat", tokens, 256);
  assert.deepEqual(
    found.map(({ gap, text }) => gap + text),
    ["[CLS]", "na", "ïve", " cat", "[SEP]"],
  );
  assert.deepEqual(
    found.map(({ continues }) => continues),
    [false, false, true, false, false],
  );
  assert.ok(found.every(({ cut }) => !cut));
});

test("what is beyond the model's maximum is cut, and the last special token stays", () => {
  const words = Array.from({ length: 6 }, (_, index) => word("a", 5, 2 * index, 2 * index + 1));
  const found = pieces("a a a a a a", [special("[CLS]", 101), ...words, special("[SEP]", 102)], 5);
  assert.deepEqual(
    found.map(({ cut }) => cut),
    [false, false, false, false, true, true, true, false],
  );
  assert.equal(found.filter(({ cut }) => !cut).length, 5);
  assert.match(countInWords(8, 5), /the model reads 5, 3 are cut off/);
});

test("a strip has whole rows of cells that are wide enough to be pointed at", () => {
  assert.deepEqual(stripLayout(384, 900), { columns: 384, rows: 1 });
  assert.deepEqual(stripLayout(384, 320), { columns: 128, rows: 3 });
  const layout = { columns: 128, rows: 3 };
  assert.equal(indexAt(layout, 384, { width: 320, height: 72 }, 319, 71), 383);
  assert.equal(indexAt(layout, 384, { width: 320, height: 72 }, 0, 25), 128);
  assert.equal(indexAt(layout, 384, { width: 320, height: 72 }, -1, 5), -1);
});

test("a vector is summed up by its ends and its length", () => {
  assert.deepEqual(summary([0.6, -0.8, 0]), { least: 1, greatest: 0, length: 1 });
  assert.equal(reach([0, 0]), 1);
});

test("of a matrix the nearest and the farthest pair are told", () => {
  const { nearest, farthest } = extremes([
    [1, 0.2, 0.9],
    [0.2, 1, 0.5],
    [0.9, 0.5, 1],
  ]);
  assert.deepEqual(
    [nearest, farthest],
    [
      { one: 0, other: 2, value: 0.9 },
      { one: 0, other: 1, value: 0.2 },
    ],
  );
});
