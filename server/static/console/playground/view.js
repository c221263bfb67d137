// The playground: how texts become tokens and vectors, in what time, and how alike they are.

import { onColours } from "../colours.js";
import { el } from "../elements.js";
import { icon } from "../icons.js";
import { readMaxTokens } from "./asking.js";
import { EXAMPLES } from "./examples.js";
import { textRow } from "./row.js";
import { likeness } from "./likeness.js";

export const title = "Playground";

const MAX_ROWS = 8;
// What all-MiniLM-L6-v2 reads; the server's own number comes with its answer.
const USUAL_MAX_TOKENS = 256;

export function mount(root, { api, state, announce }) {
  const own = { rows: [], maxTokens: USUAL_MAX_TOKENS };
  const list = el("div", { class: "rows" });
  const cache = el("input", { type: "checkbox", id: "use-cache", checked: true });
  const add = el("button", { class: "button", type: "button" }, icon("plus"), "Add a text");
  const examples = el("button", { class: "button primary", type: "button" }, "Try four examples");
  const alike = likeness(api);

  const tools = {
    api,
    state,
    announce,
    maxTokens: () => own.maxTokens,
    useCache: () => cache.checked,
    changed: () => compareAll(),
    remove(row) {
      const place = own.rows.indexOf(row);
      row.end();
      row.node.remove();
      own.rows.splice(place, 1);
      if (!own.rows.length) addRow("");
      own.rows[Math.min(place, own.rows.length - 1)].focus();
      changed();
    },
  };

  function addRow(text) {
    const row = textRow(text, tools);
    own.rows.push(row);
    list.append(row.node);
    changed();
    return row;
  }

  function changed() {
    own.rows.forEach((row, index) => row.rename(index + 1));
    add.disabled = own.rows.length >= MAX_ROWS;
    compareAll();
  }

  function compareAll() {
    const texts = own.rows.map((row) => ({ number: row.number(), text: row.text() })).filter(({ text }) => text);
    examples.hidden = texts.length > 0;
    return alike.show(texts);
  }

  /** Ask for all: also with another key, since the server may allow now what it did not. */
  function begin() {
    for (const row of own.rows) row.ask();
    readMaxTokens(api).then(
      (most) => {
        own.maxTokens = most;
      },
      () => {},
    );
    compareAll();
  }

  async function fillIn() {
    while (own.rows.length < EXAMPLES.length) addRow("");
    await Promise.all(EXAMPLES.map((text, index) => own.rows[index].write(text)));
    compareAll();
    own.rows[0].focus();
  }

  add.addEventListener("click", () => addRow("").focus());
  examples.addEventListener("click", fillIn);
  cache.addEventListener("change", () => own.rows.forEach((row) => row.ask()));
  const check = el("label", { class: "check", htmlFor: "use-cache" }, cache, "Use the cache");
  root.append(
    intro(),
    el(
      "div",
      { class: "bench" },
      el("div", { class: "texts" }, list, el("div", { class: "row" }, add, examples, check)),
      alike.node,
    ),
  );
  for (const text of state.get("texts") ?? ["", ""]) addRow(text);
  begin();
  const unwatch = [onColours(state, alike.recolour), state.on("key", begin)];
  return () => {
    for (const end of unwatch) end();
    alike.end();
    state.set(
      "texts",
      own.rows.map((row) => row.text()),
    );
    for (const row of own.rows) row.end();
  };
}

function intro() {
  return el(
    "header",
    { class: "view-head" },
    el("h1", {}, "Playground"),
    el(
      "p",
      { class: "muted" },
      "Write a few texts: see their tokens, their vectors, the time they take, and how alike they are.",
    ),
  );
}
