// What two readings of GET /metrics say of the time between them. Pure functions.

import { difference, mean, quantile } from "./histograms.js";
import { histogramOf, sumOf, valueOf } from "./prometheus.js";

const HISTOGRAMS = {
  inference: "vecd_inference_seconds",
  wait: "vecd_wait_seconds",
  search: "vecd_search_seconds",
  runTexts: "vecd_run_texts",
};
// Requests by what they are for, as their routes say. What watches the server, as this page does, is none of them.
const PURPOSES = {
  searches: /\/search(\/batch)?$/,
  documents: /\/index(\/batch|\/delete|\/\{[^}]*\})?$/,
  embeds: /embed|\/similarity$/,
};

/** Return what one reading has, with the time of it in seconds. */
export function read(samples, seconds) {
  const requests = Object.entries(PURPOSES).map(([purpose, routes]) => [
    purpose,
    sumOf(samples, "vecd_http_requests_total", ({ route }) => routes.test(route ?? "")),
  ]);
  const histograms = Object.entries(HISTOGRAMS).map(([key, name]) => [key, merged(samples, name)]);
  return {
    seconds,
    requests: Object.fromEntries(requests),
    ...Object.fromEntries(histograms),
    texts: valueOf(samples, "vecd_texts_total"),
    tokens: valueOf(samples, "vecd_tokens_total"),
    hits: valueOf(samples, "vecd_cache_hits_total"),
    misses: valueOf(samples, "vecd_cache_misses_total"),
    refusals: sumOf(samples, "vecd_refusals_total"),
    cpu: valueOf(samples, "process_cpu_seconds_total"),
    gauges: {
      queueTexts: valueOf(samples, "vecd_queue_texts"),
      inWork: valueOf(samples, "vecd_requests_in_work"),
      busy: valueOf(samples, "vecd_workers_busy"),
      workers: valueOf(samples, "vecd_workers"),
      resident: valueOf(samples, "process_resident_memory_bytes"),
      cacheBytes: valueOf(samples, "vecd_cache_bytes"),
      indexBytes: sumOf(samples, "vecd_index_memory_bytes"),
    },
  };
}

/**
 * Return the figures of the time between two readings: rates a second, and what is now. Percentiles in seconds, means and
 * the share of hits are of the time since `wide`, a reading that is further back.
 */
export function between(later, earlier, wide = earlier) {
  const seconds = Math.max(later.seconds - earlier.seconds, 1e-3);
  const rate = (value, before) => Math.max(0, value >= before ? value - before : value) / seconds;
  const [search, inference, wait, runs] = ["search", "inference", "wait", "runTexts"].map((key) =>
    difference(later[key], wide[key]),
  );
  const [hits, misses] = lookedUp(later, wide);
  return {
    seconds: later.seconds,
    searches: rate(later.requests.searches, earlier.requests.searches),
    embeds: rate(later.requests.embeds, earlier.requests.embeds),
    documents: rate(later.requests.documents, earlier.requests.documents),
    texts: rate(later.texts, earlier.texts),
    tokens: rate(later.tokens, earlier.tokens),
    ...percentiles("search", search),
    ...percentiles("inference", inference),
    ...percentiles("wait", wait),
    runTexts: mean(runs),
    runTexts95: quantile(runs, 0.95),
    hitShare: hits + misses ? hits / (hits + misses) : Number.NaN,
    cores: rate(later.cpu, earlier.cpu),
    refusals: rate(later.refusals, earlier.refusals),
    ...later.gauges,
  };
}

/** Return the hits and misses of the cache between two readings; a server that was restarted has counted from zero. */
function lookedUp(later, earlier) {
  if (later.hits < earlier.hits || later.misses < earlier.misses) return [later.hits, later.misses];
  return [later.hits - earlier.hits, later.misses - earlier.misses];
}

function percentiles(name, histogram) {
  return {
    [`${name}50`]: quantile(histogram, 0.5),
    [`${name}95`]: quantile(histogram, 0.95),
    [`${name}99`]: quantile(histogram, 0.99),
  };
}

/** Return a histogram with the samples of all its labels added up. */
function merged(samples, name) {
  const modes = [...new Set((samples.get(`${name}_count`) ?? []).map(({ labels }) => labels.mode))];
  const each = modes.map((mode) => histogramOf(samples, name, mode === undefined ? {} : { mode }));
  if (!each.length) return { bounds: [], counts: [], sum: 0, count: 0 };
  return each.reduce((all, one) => ({
    bounds: all.bounds,
    counts: all.counts.map((count, bucket) => count + one.counts[bucket]),
    sum: all.sum + one.sum,
    count: all.count + one.count,
  }));
}
