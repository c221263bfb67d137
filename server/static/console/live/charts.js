// Which charts the live view has: their lines, what they are called, and how their numbers are written.

import { bytes, duration, percent, shortNumber } from "../drawing/scales.js";

const perSecond = (value) => `${shortNumber(value)}/s`;
const seconds = { write: duration, empty: "none lately" };

/** Each has an id, a title, `about` for those who ask what it is, and lines by key, name and colour. */
export const CHARTS = [
  {
    id: "requests",
    title: "Requests",
    about: "Answers a second, by what was asked for.",
    write: perSecond,
    lines: [
      ["searches", "search", 1],
      ["embeds", "embed", 2],
      ["documents", "documents", 3],
    ],
    total: true,
  },
  {
    id: "texts",
    title: "Texts",
    about: "Texts embedded a second, those of the cache included.",
    write: perSecond,
    lines: [["texts", "texts", 1]],
  },
  {
    id: "tokens",
    title: "Tokens",
    about: "Tokens of these texts a second.",
    write: perSecond,
    lines: [["tokens", "tokens", 8]],
  },
  {
    id: "search",
    title: "Search latency",
    about:
      "One search of the index, of the last ten seconds. Between the bounds of the server's histogram, so about right.",
    lines: [
      ["search50", "p50", 1],
      ["search95", "p95", 2],
      ["search99", "p99", 4],
    ],
    ...seconds,
  },
  {
    id: "inference",
    title: "Inference latency",
    about:
      "One run of the model, of the last ten seconds. Between the bounds of the server's histogram, so about right.",
    lines: [
      ["inference50", "p50", 1],
      ["inference95", "p95", 2],
      ["inference99", "p99", 4],
    ],
    ...seconds,
  },
  {
    id: "wait",
    title: "Wait for a run",
    about: "From a request's arrival until the first of its texts is computed, of the last ten seconds.",
    lines: [
      ["wait50", "p50", 1],
      ["wait95", "p95", 2],
      ["wait99", "p99", 4],
    ],
    ...seconds,
  },
  {
    id: "batches",
    title: "Batch size",
    about: "Texts in one run of the model, of the last ten seconds.",
    write: shortNumber,
    empty: "none lately",
    lines: [
      ["runTexts", "mean", 1],
      ["runTexts95", "p95", 2],
    ],
  },
  {
    id: "queue",
    title: "Queue",
    about: "Texts that wait for a run, and requests between arrival and answer.",
    write: shortNumber,
    whole: true,
    lines: [
      ["queueTexts", "texts waiting", 1],
      ["inWork", "requests in work", 2],
    ],
  },
  {
    id: "cache",
    title: "Cache hits",
    about: "Share of texts that were in the cache, of the last ten seconds.",
    write: percent,
    empty: "not asked lately",
    top: 1,
    lines: [["hitShare", "hits", 3]],
  },
  {
    id: "cores",
    title: "Cores",
    about: "Processor cores at work for the server, and workers at a run.",
    write: (value) => shortNumber(value),
    lines: [
      ["cores", "cores", 1],
      ["busy", "workers busy", 2],
    ],
  },
  {
    id: "memory",
    title: "Memory",
    about: "The process, and what the index and the cache take of it.",
    write: bytes,
    binary: true,
    lines: [
      ["resident", "process", 1],
      ["indexBytes", "index", 3],
      ["cacheBytes", "cache", 2],
    ],
  },
  {
    id: "refusals",
    title: "Refused",
    about: "Requests refused or given up a second.",
    write: perSecond,
    lines: [["refusals", "refused", 6]],
  },
];
