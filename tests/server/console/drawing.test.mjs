import assert from "node:assert/strict";
import test from "node:test";

import { along, contrast, diverging, inkOn, parse } from "../../../server/static/console/drawing/mixing.js";
import {
  bytes,
  duration,
  linear,
  percent,
  shortNumber,
  signed,
  ticks,
} from "../../../server/static/console/drawing/scales.js";

test("ticks are round, begin at zero and reach the top", () => {
  assert.deepEqual(ticks(9), [0, 5, 10]);
  assert.deepEqual(ticks(0.3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(ticks(0), [0, 1]);
  assert.deepEqual(ticks(1, 3, { whole: true }), [0, 1]);
  for (const top of [0.0007, 1, 3.3, 47, 999, 123456]) assert.ok(ticks(top).at(-1) >= top * (1 - 1e-9));
});

test("a scale without extent is in the middle", () => {
  assert.equal(linear([2, 2], [0, 10])(2), 5);
  assert.equal(linear([0, 4], [100, 0])(1), 75);
});

test("numbers are written with three digits at most and their unit", () => {
  assert.deepEqual([0, 0.25, 12.34, 999.7, 4096, 1.5e6].map(shortNumber), ["0", "0.25", "12.3", "1k", "4.1k", "1.5M"]);
  assert.deepEqual([0, 0.00004, 0.0025, 1.5, Number.NaN].map(duration), ["0 ms", "40 µs", "2.5 ms", "1.5 s", "–"]);
  assert.deepEqual([512, 1536, 128 * 2 ** 20].map(bytes), ["512 B", "1.5 KiB", "128 MiB"]);
  assert.deepEqual([percent(0.125), signed(-0.5, 2)], ["12.5 %", "−0.50"]);
});

test("colours are read as style sheets and browsers write them", () => {
  assert.deepEqual(parse("#0f8"), [0, 255, 136]);
  assert.deepEqual(parse(" #1f66c1 "), [31, 102, 193]);
  assert.deepEqual(parse("rgb(1, 2, 3)"), [1, 2, 3]);
  assert.throws(() => parse("none"), RangeError);
});

test("a scale of colours ends at its ends and diverges from its middle", () => {
  const scale = [
    [0, 0, 0],
    [100, 100, 100],
    [255, 255, 255],
  ];
  assert.deepEqual(
    [along(scale, -1), along(scale, 0.5), along(scale, 2)],
    [
      [0, 0, 0],
      [100, 100, 100],
      [255, 255, 255],
    ],
  );
  assert.deepEqual(
    diverging(
      [
        [9, 0, 0],
        [0, 0, 0],
        [0, 0, 9],
      ],
      -4,
    ),
    [9, 0, 0],
  );
});

test("ink is readable on every colour", () => {
  for (let step = 0; step < 256; step += 5) {
    const colour = [step, (step * 7) % 256, 255 - step];
    assert.ok(contrast(inkOn(colour), colour) >= 4.5, String(colour));
  }
});
