import assert from "node:assert/strict";
import test from "node:test";

import { difference, mean, quantile, shares } from "../../../server/static/console/live/histograms.js";
import { ApiError } from "../../../server/static/console/api.js";
import { areaPath, linePath } from "../../../server/static/console/live/paths.js";
import { histogramOf, parseMetrics, sumOf, valueOf } from "../../../server/static/console/live/prometheus.js";
import { between, read } from "../../../server/static/console/live/readings.js";
import { different } from "../../../server/static/console/live/problems.js";
import { readReadiness } from "../../../server/static/console/live/watching.js";
import {
  add,
  greatest,
  latest,
  nearestPoint,
  segments,
  shownSpan,
  timeMarks,
} from "../../../server/static/console/live/window.js";

const METRICS = (requests, hits, cpu, searches) => `# HELP vecd_http_requests_total Requests answered.
# TYPE vecd_http_requests_total counter
vecd_http_requests_total{route="/search",status="200"} ${requests}
vecd_http_requests_total{route="/collections/{name}/search",status="404"} 1.0
vecd_http_requests_total{route="/v1/embeddings",status="200"} 4.0
vecd_http_requests_total{route="/metrics",status="200"} 99.0
vecd_http_requests_total{route="/index/{id}",status="200"} 2.0
vecd_http_requests_total{route="/index/facets",status="200"} 7.0
vecd_cache_hits_total ${hits}
vecd_cache_misses_total 10.0
process_cpu_seconds_total ${cpu}
process_resident_memory_bytes 1.5e+08
vecd_index_memory_bytes{collection="default"} 100.0
vecd_index_memory_bytes{collection="notes \\"x\\""} 20.0
vecd_index_recall{collection="default"} NaN
vecd_search_seconds_bucket{le="0.001",mode="vector"} ${searches}
vecd_search_seconds_bucket{le="0.01",mode="vector"} ${2 * searches}
vecd_search_seconds_bucket{le="+Inf",mode="vector"} ${2 * searches}
vecd_search_seconds_count{mode="vector"} ${2 * searches}
vecd_search_seconds_sum{mode="vector"} 1.0
vecd_search_seconds_bucket{le="0.001",mode="text"} 0
vecd_search_seconds_bucket{le="0.01",mode="text"} 0
vecd_search_seconds_bucket{le="+Inf",mode="text"} 0
vecd_search_seconds_count{mode="text"} 0
vecd_search_seconds_sum{mode="text"} 0
`;

test("samples are read by name and labels, escapes too", () => {
  const samples = parseMetrics(METRICS(1, 0, 0, 0));
  assert.equal(valueOf(samples, "process_resident_memory_bytes"), 1.5e8);
  assert.equal(valueOf(samples, "vecd_index_memory_bytes", { collection: 'notes "x"' }), 20);
  assert.equal(sumOf(samples, "vecd_index_memory_bytes"), 120);
  assert.ok(Number.isNaN(valueOf(samples, "vecd_index_recall")));
  assert.ok(Number.isNaN(valueOf(samples, "none")));
  assert.deepEqual(histogramOf(samples, "vecd_search_seconds", { mode: "text" }).bounds, [0.001, 0.01, Infinity]);
});

test("percentiles lie within the bucket that holds their rank", () => {
  const histogram = { bounds: [1, 2, 4, Infinity], counts: [0, 10, 10, 12], sum: 50, count: 12 };
  assert.equal(quantile(histogram, 0.5), 1.6);
  assert.equal(quantile(histogram, 0.99), 4, "beyond the last bound its bound is told");
  assert.ok(Number.isNaN(quantile({ bounds: [1], counts: [0], sum: 0, count: 0 }, 0.5)));
  assert.equal(mean({ sum: 9, count: 3 }), 3);
  assert.deepEqual(
    shares(histogram).map(({ count }) => count),
    [0, 10, 0, 2],
  );
});

test("a histogram of a server that was restarted counts from zero", () => {
  const later = { bounds: [1], counts: [2], sum: 1, count: 2 };
  assert.equal(difference(later, { bounds: [1], counts: [5], sum: 4, count: 5 }), later);
  assert.deepEqual(difference(later, { bounds: [1], counts: [1], sum: 0.25, count: 1 }), {
    bounds: [1],
    counts: [1],
    sum: 0.75,
    count: 1,
  });
});

test("two readings give rates, and what watches the server is not counted", () => {
  const [earlier, later] = [
    read(parseMetrics(METRICS(10, 0, 5, 2)), 100),
    read(parseMetrics(METRICS(30, 30, 6, 6)), 102),
  ];
  const found = between(later, earlier);
  assert.deepEqual([found.searches, found.embeds, found.documents], [10, 0, 0]);
  assert.equal(later.requests.searches, 31);
  assert.equal(later.requests.documents, 2);
  assert.equal(found.hitShare, 1);
  assert.equal(found.cores, 0.5);
  assert.equal(found.resident, 1.5e8);
  assert.equal(found.search50, 0.001);
  assert.ok(Math.abs(found.search95 - 0.0091) < 1e-9);
});

test("after a restart the share of hits is of what the cache counted since", () => {
  const [before, after] = [read(parseMetrics(METRICS(9, 500, 5, 2)), 100), read(parseMetrics(METRICS(1, 30, 1, 0)), 102)];
  assert.equal(before.misses, after.misses);
  assert.equal(between(after, before).hitShare, 0.75);
});

test("a server that is not ready says what it lacks, and other errors are errors", async () => {
  const answering = (status, problem) => ({ get: () => Promise.reject(new ApiError(status, problem)) });
  const readiness = { status: "not ready", lacking: ["words"] };
  assert.deepEqual(await readReadiness(answering(503, readiness)), readiness);
  assert.deepEqual(await readReadiness(answering(503, {})), { status: "not ready", lacking: [] });
  await assert.rejects(readReadiness(answering(500, {})), ApiError);
});

test("an error that several requests met is told once", () => {
  const [one, same, other] = [403, 403, 500].map((status) => new ApiError(status, { detail: "no" }));
  assert.deepEqual(
    different([one, null, same, other]).map(({ status }) => status),
    [403, 500],
  );
  assert.deepEqual(different([null, null]), []);
});

test("the window forgets what is old and shows where nothing was read", () => {
  let points = [];
  for (const seconds of [0, 2, 4, 200, 202, 303]) points = add(points, { seconds, everyS: 2, value: seconds }, 300);
  assert.deepEqual(
    points.filter(({ gap }) => !gap).map(({ seconds }) => seconds),
    [4, 200, 202, 303],
  );
  assert.deepEqual(
    segments(points, "value").map((run) => run.length),
    [1, 2, 1],
  );
  assert.equal(greatest(points, ["value"]), 303);
  assert.equal(latest(points, "none") === latest(points, "value"), false);
  assert.equal(nearestPoint(points, 203).seconds, 202);
});

test("lines break where a figure is not known", () => {
  const points = [
    { seconds: 0, a: 1 },
    { seconds: 1, a: 2 },
    { seconds: 2, a: Number.NaN },
    { seconds: 3, a: 4 },
  ];
  const [x, y] = [(value) => value * 10, (value) => 100 - value];
  assert.equal(linePath(points, "a", x, y), "M0 99L10 98M30 96h0.01");
  assert.equal(areaPath(points, "a", x, y, 100), "M0 100L0 99L10 98L10 100Z");
});

test("the time axis grows with what is there, and has a few round marks", () => {
  assert.deepEqual(
    [shownSpan([], 5), shownSpan([{ seconds: 10 }], 30), shownSpan([{ seconds: 0 }], 100)],
    [60, 60, 100],
  );
  assert.equal(shownSpan([{ seconds: 0 }], 1000), 300);
  assert.deepEqual(timeMarks(60), [0, 15, 30, 45]);
  assert.deepEqual(timeMarks(300), [0, 120, 240]);
  assert.deepEqual(timeMarks(300, 5), [0, 60, 120, 180, 240]);
});
