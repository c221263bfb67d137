// What the live view asks of the server, and how often: the figures every two seconds, the rest more seldom, nothing
// while nobody looks.

import { parseMetrics } from "./prometheus.js";
import { between, read } from "./readings.js";

export const FIGURES_S = 2;
const READINESS_S = 4;
const COLLECTIONS_S = 10;
const STATS_S = 60;
// Percentiles and means are of the last seconds, so that they do not jump with every request.
const WIDE_S = 10;

/**
 * Ask again and again. `on` has `figures(point, samples)`, `readiness(answer)`, `collections(list)`, `stats(stats)` and
 * `failed(error)`. Returns a function that ends it.
 */
export function watch(api, on) {
  const ending = new AbortController();
  const { signal } = ending;
  const readings = [];
  const tasks = [
    { every: FIGURES_S, run: () => readFigures(api, readings, on, signal) },
    { every: READINESS_S, run: async () => on.readiness(await readReadiness(api, signal)) },
    { every: COLLECTIONS_S, run: async () => on.collections((await api.get("collections", { signal })).collections) },
    { every: STATS_S, run: async () => on.stats(await api.get("stats", { signal })) },
  ];
  const stops = tasks.map((task) => repeat(task, on.failed, signal));
  const look = () => {
    if (!document.hidden) for (const { now } of stops) now();
  };
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    ending.abort();
    for (const { stop } of stops) stop();
  };
}

/** Run a task, and again so many seconds after it has begun; a hidden page runs none until it is seen. */
function repeat({ every, run }, failed, signal) {
  let timer = 0;
  let isRunning = false;
  async function now() {
    clearTimeout(timer);
    if (isRunning || document.hidden || signal.aborted) return;
    isRunning = true;
    const begun = performance.now();
    try {
      await run();
    } catch (error) {
      if (!signal.aborted) failed(error);
    }
    isRunning = false;
    if (!signal.aborted) timer = setTimeout(now, Math.max(0, every * 1000 - (performance.now() - begun)));
  }
  now();
  return { now, stop: () => clearTimeout(timer) };
}

async function readFigures(api, readings, on, signal) {
  const samples = parseMetrics(await api.get("metrics", { signal }));
  const reading = read(samples, performance.now() / 1000);
  const before = readings.at(-1);
  while (readings.length && reading.seconds - readings[0].seconds > WIDE_S) readings.shift();
  const wide = readings[0] ?? before;
  readings.push(reading);
  on.figures(before ? between(reading, before, wide) : null, samples);
}

/** Return {status, lacking}; a server that is not ready answers 503 with the same. */
async function readReadiness(api, signal) {
  try {
    return await api.get("health/ready", { signal });
  } catch (error) {
    if (error.name !== "ApiError" || error.status !== 503) throw error;
    return { status: "not ready", lacking: [] };
  }
}
