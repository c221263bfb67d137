// What an embedding took: tokens, time by its parts, and whether the cache had it.

import { el } from "../elements.js";
import { total, writeMs } from "./timing.js";

/** Return a line of facts and a bar of where the time went. */
export function embeddingFacts(result, tokenCount) {
  const spent = total(result.timing);
  const badge = result.cached
    ? el("span", { class: "badge badge-good" }, "from the cache")
    : el("span", { class: "badge" }, "computed");
  const cut = result.truncated
    ? el("span", { class: "badge badge-warn" }, `cut: ${tokenCount - result.tokens} tokens not read`)
    : null;
  const facts = [
    ["tokens", result.tokens.toLocaleString("en")],
    ["dimensions", result.dimensions.toLocaleString("en")],
    ["in the server", writeMs(spent)],
    ["there and back", writeMs(result.roundTripMs)],
  ];
  return el(
    "div",
    { class: "facts" },
    el(
      "dl",
      { class: "fact-list" },
      facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),
    el("div", { class: "badges" }, badge, cut),
    spent ? timeBar(result.timing, spent) : null,
  );
}

function timeBar(timing, spent) {
  const shown = timing.filter((part) => part.ms > 0);
  const parts = shown.map(({ name, ms }) =>
    el("span", { class: `time-part time-${name}`, style: { "flex-grow": String(ms / spent) } }),
  );
  const names = shown.map(({ name, label, ms }) =>
    el("li", {}, el("span", { class: `time-dot time-${name}`, aria: { hidden: "true" } }), `${label} ${writeMs(ms)}`),
  );
  return el(
    "div",
    { class: "time" },
    el("div", { class: "time-bar", aria: { hidden: "true" } }, parts),
    el("ul", { class: "time-parts" }, names),
  );
}
