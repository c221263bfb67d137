// The results: a list that arrow keys go through. Those under the threshold are told of, and shown greyed if asked for.

import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { pieces, shownValue, titleOf } from "./text.js";
import { reaching, shownScore } from "./threshold.js";

const SHOWN_FIELDS = 4;
const LONG = 100; // characters of an excerpt after which the text goes on, most likely
const ELSEWHERE = new Set(["title", "name", "hash", "source", "modified", "path", "file"]);

/**
 * Return `{element, render, focusFirst, holdFocus}`; `open(hit)` is called for the hit that a person chose, `leave()`
 * upwards, and where the hit with the focus is gone and there is no other.
 */
export function hitList({ open, leave, setThreshold }) {
  const element = el("div", { class: "hits", onkeydown });
  let isShown = false;

  /** `hits` have scores, or are documents of a list without; `most` is the score of a full bar. */
  function render({ hits, threshold, most }) {
    const giveBack = holdFocus();
    const count = reaching(hits, threshold);
    const rows = (some) => some.map((hit) => row(hit, threshold, most, open));
    const under = hits.slice(count);
    fill(
      element,
      el("ol", { aria: { label: "Results" } }, rows(hits.slice(0, count))),
      under.length ? divider(under, count, threshold) : null,
      under.length && isShown ? el("ol", { class: "under", aria: { label: "Results below the threshold" } }, rows(under)) : null,
    );
    giveBack();
  }

  function divider(under, count, threshold) {
    const toggle = el("button", { class: "button quiet small", type: "button", aria: { expanded: String(isShown) } });
    toggle.textContent = `${isShown ? "Hide" : "Show"} ${under.length} below the threshold`;
    toggle.addEventListener("click", () => {
      isShown = !isShown;
      setThreshold(threshold);
      element.querySelector(".divider button")?.focus();
    });
    if (count) return el("div", { class: "divider" }, toggle);
    return el(
      "div",
      { class: "none-reach" },
      el("p", {}, el("strong", {}, `Nothing reaches ${shownScore(threshold)}.`), ` The best of ${under.length} has ${shownScore(under[0].score)}.`),
      el(
        "div",
        { class: "row divider" },
        toggle,
        el("button", { class: "button small", type: "button", onclick: () => setThreshold(under[0].score) }, "Set it to the best"),
        el("button", { class: "button small", type: "button", onclick: () => setThreshold(null) }, "No threshold"),
      ),
    );
  }

  function buttons() {
    return element.querySelectorAll("button.hit-title");
  }

  /** Note which hit has the focus; returns what gives it back, or to the hit in its place. */
  function holdFocus() {
    const before = [...buttons()];
    const at = before.indexOf(document.activeElement);
    if (at < 0) return () => {};
    const { hit } = before[at].dataset;
    return () => {
      const now = element.isConnected ? [...buttons()] : [];
      const heir = now.find((one) => one.dataset.hit === hit) ?? now[Math.min(at, now.length - 1)];
      if (heir) heir.focus();
      else leave();
    };
  }

  function focusFirst() {
    buttons()[0]?.focus();
    return buttons().length > 0;
  }

  function onkeydown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(".hit-title")) return;
    const all = [...buttons()];
    const next = all.indexOf(event.target) + step;
    event.preventDefault();
    if (next < 0) leave();
    else all[Math.min(next, all.length - 1)].focus();
  }

  return { element, render, focusFirst, holdFocus };
}

/** Return one result: its title, its score, the passage with the words that were sought, its place and fields. */
export function row(hit, threshold, most, open) {
  const title = el("button", { class: "hit-title", type: "button", data: { hit: hit.id }, onclick: () => open(hit) }, titleOf(hit));
  const place = placeOf(hit);
  return el(
    "li",
    { class: "hit" },
    el("div", { class: "hit-head" }, el("h3", { class: "grow" }, title), hit.score === undefined ? null : bar(hit.score, threshold, most)),
    hit.snippet ? excerpt(hit.snippet) : null,
    el(
      "p",
      { class: "hit-foot" },
      place ? el("span", { class: "mono clip", title: place }, icon("file", 13), place) : null,
      fieldsOf(hit.metadata ?? {}).map(([name, value]) => el("span", { class: "clip" }, el("span", { class: "muted" }, `${name} `), value)),
    ),
  );
}

/** Return a score as a bar with the threshold marked on it. */
function bar(score, threshold, most) {
  const share = (value) => `${Math.max(0, Math.min(1, value / most)) * 100}%`;
  const tick = threshold === null || threshold > most ? null : el("i", { class: "tick", style: { left: share(threshold) } });
  return el(
    "div",
    { class: "score" },
    el("span", { class: "bar", aria: { hidden: "true" } }, el("i", { class: "fill", style: { width: share(score) } }), tick),
    el("span", { class: "number", title: String(score) }, el("span", { class: "unseen" }, "Score "), shownScore(score)),
  );
}

function excerpt({ text, start, marks }) {
  const parts = pieces(text, marks).map((one) => (one.isMarked ? el("mark", {}, one.text) : one.text));
  return el("p", { class: "excerpt" }, start > 0 ? "…\u00a0" : null, parts, text.length > LONG && !text.endsWith("…") ? "\u00a0…" : null);
}

function placeOf({ id, metadata = {} }) {
  const found = metadata.path ?? metadata.file;
  const place = typeof found === "string" ? found : String(id);
  return place === titleOf({ id, metadata }) ? "" : place;
}

function fieldsOf(metadata) {
  const found = Object.entries(metadata).filter(([name, value]) => !ELSEWHERE.has(name) && value !== null && value !== "");
  return found.slice(0, SHOWN_FIELDS).map(([name, value]) => [name, shownValue(value)]);
}
