// The search box, the mode beside it, and the keys that lead to it.

import { el } from "../elements.js";
import { icon } from "../icons.js";

const MODES = [
  ["hybrid", "Hybrid", "By meaning and by words"],
  ["vector", "Vector", "By meaning: documents whose text says something similar"],
  ["text", "Text", "By words: documents that have at least one of them"],
];

const COMPOSING = 229; // what Safari says instead

/** Return what a key does in the box: "down", "enter", "clear", or "" for what is a matter of writing. */
export function keyAct({ key, isComposing, keyCode }, hasText) {
  if (isComposing || keyCode === COMPOSING) return ""; // the key chooses a word of an input method
  return { ArrowDown: "down", Enter: "enter", Escape: hasText ? "clear" : "" }[key] ?? "";
}

/**
 * Return `{element, input, query, ask, close}`: the box, with what stood in it last. `changed()` is called while a person types, `entered()` at Enter,
 * `down()` at the arrow key that leads to the results.
 */
export function searchBox(state, { changed, entered, down }) {
  const input = el("input", {
    type: "search",
    value: state.get("query"),
    id: "query",
    placeholder: "Ask in your own words",
    autocomplete: "off",
    spellcheck: false,
    enterkeyhint: "search",
    maxLength: 10000,
    aria: { label: "Search" },
    oninput: typed,
    onkeydown,
  });
  const element = el("div", { class: "box" }, icon("search", 20), input, el("kbd", { aria: { hidden: "true" } }, "/"));

  function onkeydown(event) {
    const act = keyAct(event, input.value !== "");
    if (!act) return;
    event.preventDefault();
    ({ down, enter: entered, clear: () => ask("") })[act]();
  }

  function typed() {
    state.set("query", input.value);
    changed();
  }

  function ask(query) {
    input.value = query;
    input.focus();
    typed();
  }

  function onSlash(event) {
    const isTyping = event.target.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select");
    if (event.key !== "/" || !state.get("shortcuts") || event.ctrlKey || event.metaKey || event.altKey || isTyping || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    input.focus();
    input.select();
  }

  document.addEventListener("keydown", onSlash);
  return { element, input, query: () => input.value.trim(), ask, close: () => document.removeEventListener("keydown", onSlash) };
}

/** Return `{element, value, set}`: the three modes; `changed()` is called when a person chooses. */
export function modeChoice(changed) {
  const radios = MODES.map(([value, , about], number) =>
    el("input", { type: "radio", name: "mode", value, checked: number === 0, title: about, onchange: changed }),
  );
  const labels = MODES.map(([, label, about], number) => el("label", { title: about }, radios[number], label));
  const element = el("fieldset", { class: "segments" }, el("legend", { class: "unseen" }, "Mode"), labels);
  const value = () => radios.find((one) => one.checked).value;
  const set = (mode) => {
    radios.find((one) => one.value === mode).checked = true;
  };
  return { element, value, set };
}
