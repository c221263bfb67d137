// Where there is nothing to show: what to do first.

import { el } from "../elements.js";
import { icon } from "../icons.js";
import { dropzone } from "./dropzone.js";
import { QUESTIONS } from "./samples.js";

/** An empty collection: files, or three samples. */
export function emptyCollection(collection, take, addSamples) {
  const samples = el("button", { class: "button", type: "button" }, "Add three samples");
  samples.addEventListener("click", () => {
    samples.disabled = true;
    addSamples().finally(() => {
      samples.disabled = false;
    });
  });
  return el(
    "section",
    { class: "welcome", aria: { label: "First steps" } },
    el("h2", {}, "Put something in, then ask for it"),
    el("p", { class: "muted" }, "The collection ", el("strong", {}, collection), " has no documents yet. What you add is found by its meaning and by its words, and stays on this server."),
    dropzone(take),
    el("p", { class: "row centred" }, el("span", { class: "muted" }, "Nothing at hand?"), samples),
  );
}

/** Questions to try on the samples. */
export function suggestions(ask) {
  const chips = QUESTIONS.map((text) => el("button", { class: "chip", type: "button", onclick: () => ask(text) }, text));
  return el("p", { class: "row suggestions" }, el("span", { class: "muted" }, "Try"), chips);
}

/** A search without hits: why, and what would find something. */
export function nothingFound({ mode, query, conditions, clear, search }) {
  const isFiltered = Object.keys(conditions).length > 0;
  const [text, label, act] = isFiltered
    ? [query ? "No document fits the filters and the question." : "No document fits the filters.", "Clear filters", clear]
    : ["No document has these words. Hybrid also finds what means the same.", "Search by Hybrid", search];
  const isHelped = isFiltered || mode === "text";
  return el(
    "div",
    { class: "empty" },
    icon("search", 24),
    el("h2", {}, "Nothing found"),
    el("p", {}, isHelped ? text : "There is nothing in this collection that could be found."),
    isHelped ? el("button", { class: "button", type: "button", onclick: act }, label) : null,
  );
}
