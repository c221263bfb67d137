// What the live view asks of the server, and how often: the figures every two seconds, the rest more seldom, nothing
// while nobody looks.

import { parseMetrics } from "./prometheus.js";
import { between, read } from "./readings.js";

export const FIGURES_S = 2;
// With many collections the figures are long, and cost the server more: they are asked for more seldom.
const FIGURES_CHARACTERS = 60_000;
const READINESS_S = 4;
const COLLECTIONS_S = 10;
const STATS_S = 60;
// Percentiles and means are of the last seconds, so that they do not jump with every request.
const WIDE_S = 10;

/**
 * Ask again and again. `on` has `figures(point, samples)`, `readiness(answer)`, `collections(list)`, `stats(stats)` and
 * `told(name, error)`, which hears of each of these by its name how it went: `error` is null where it went well. Returns
 * a function that ends it.
 */
export function watch(api, on) {
  const ending = new AbortController();
  const { signal } = ending;
  const readings = [];
  const tasks = [
    { name: "figures", every: FIGURES_S, run: () => readFigures(api, readings, on, signal) },
    { name: "readiness", every: READINESS_S, run: () => readReadiness(api, signal).then(on.readiness) },
    {
      name: "collections",
      every: COLLECTIONS_S,
      run: () => api.get("collections", { signal }).then((found) => on.collections(found.collections)),
    },
    { name: "stats", every: STATS_S, run: () => api.get("stats", { signal }).then(on.stats) },
  ];
  const stops = tasks.map((task) => repeat(task, on.told, signal));
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

/**
 * Run a task, and again so many seconds after it has begun, or as many as it asks for; a hidden page runs none until it
 * is seen.
 */
function repeat({ name, every, run }, told, signal) {
  let timer = 0;
  let isRunning = false;
  async function now() {
    clearTimeout(timer);
    if (isRunning || document.hidden || signal.aborted) return;
    isRunning = true;
    const begun = performance.now();
    let seconds = every;
    try {
      const wished = await run();
      if (typeof wished === "number") seconds = wished;
      told(name, null);
    } catch (error) {
      if (!signal.aborted) told(name, error);
    }
    isRunning = false;
    if (!signal.aborted) timer = setTimeout(now, Math.max(0, seconds * 1000 - (performance.now() - begun)));
  }
  now();
  return { now, stop: () => clearTimeout(timer) };
}

async function readFigures(api, readings, on, signal) {
  const text = await api.get("metrics", { signal });
  const samples = parseMetrics(text);
  const everyS = FIGURES_S * Math.ceil(text.length / FIGURES_CHARACTERS);
  const reading = read(samples, performance.now() / 1000);
  const before = readings.at(-1);
  while (readings.length && reading.seconds - readings[0].seconds > WIDE_S) readings.shift();
  const wide = readings[0] ?? before;
  readings.push(reading);
  const figures = before ? between(reading, before, wide) : { seconds: reading.seconds, ...reading.gauges };
  on.figures({ ...figures, everyS }, samples);
  return everyS;
}

/** Return {status, lacking}; a server that is not ready answers 503 with the same. */
export async function readReadiness(api, signal) {
  try {
    return await api.get("health/ready", { signal });
  } catch (error) {
    if (error.name !== "ApiError" || error.status !== 503) throw error;
    return { status: "not ready", lacking: error.problem.lacking ?? [] };
  }
}
