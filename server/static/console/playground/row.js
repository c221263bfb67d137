// One text of the playground: where it is written, and below it what became of it.

import { el, fill } from "../elements.js";
import { isAborted } from "../errors.js";
import { icon } from "../icons.js";
import { failure } from "../search/failure.js";
import { embed, tokenize } from "./asking.js";
import { tokenChips } from "./chips.js";
import { embeddingFacts } from "./facts.js";
import { vectorStrip } from "./strip.js";

const PAUSE_MS = 250;
let made = 0;

/**
 * Return a row: `node`, `text()`, `rename(number)`, `ask()`, `focus()` and `end()`.
 *
 * `tools` has `api`, `state`, `announce`, `maxTokens()`, `useCache()`, `changed()` and `remove(row)`.
 */
export function textRow(start, tools) {
  const id = `text-${(made += 1)}`;
  const own = { number: 0, timer: 0, asking: null, shown: null, endStrip: () => {} };
  const area = el("textarea", {
    class: "input text-area",
    id,
    rows: 2,
    value: start,
    spellcheck: false,
    placeholder: "Write something",
  });
  const label = el("label", { htmlFor: id });
  const again = el("button", { class: "button quiet small", type: "button" }, "Embed again");
  const remove = el("button", { class: "icon-button", type: "button" }, icon("close"));
  const output = el("div", { class: "row-output" });
  const node = el(
    "section",
    { class: "card text-row" },
    el("header", { class: "row-head" }, label, again, remove),
    area,
    output,
  );
  const name = () => `text ${own.number}`;

  const row = {
    node,
    number: () => own.number,
    text: () => area.value,
    focus: () => area.focus(),
    rename(number) {
      const isOther = own.number !== number;
      own.number = number;
      label.textContent = `Text ${number}`;
      node.setAttribute("aria-label", `Text ${number}`);
      again.setAttribute("aria-label", `Embed text ${number} again`);
      remove.setAttribute("aria-label", `Remove text ${number}`);
      if (isOther && own.shown) show(...own.shown);
    },
    write(text) {
      area.value = text;
      fit(area);
      return row.ask();
    },
    ask,
    end() {
      clearTimeout(own.timer);
      own.asking?.abort();
      own.endStrip();
    },
  };

  async function ask() {
    own.asking?.abort();
    const text = area.value;
    again.hidden = !text;
    if (!text) {
      node.removeAttribute("aria-busy");
      return show(null);
    }
    const { signal } = (own.asking = new AbortController());
    node.setAttribute("aria-busy", "true");
    try {
      const found = await Promise.all([
        embed(tools.api, text, tools.useCache(), signal),
        tokenize(tools.api, text, signal),
      ]);
      show(text, ...found);
      tools.announce(
        `Text ${own.number}: ${found[0].tokens} tokens, ${found[0].cached ? "from the cache" : "computed"}`,
      );
    } catch (error) {
      if (!isAborted(error)) showError(error);
    }
    if (!signal.aborted) node.removeAttribute("aria-busy");
  }

  function show(text, result, tokens) {
    own.endStrip();
    own.endStrip = () => {};
    own.shown = text ? [text, result, tokens] : null;
    if (!text) return fill(output);
    const strip = vectorStrip(result.vector, name(), tools.state);
    own.endStrip = strip.end;
    fill(
      output,
      embeddingFacts(result, tokens.length),
      tokenChips(text, tokens, tools.maxTokens(), name()),
      strip.node,
    );
  }

  function showError(error) {
    own.endStrip();
    own.shown = null;
    fill(output, failure(error));
  }

  area.addEventListener("input", () => {
    fit(area);
    clearTimeout(own.timer);
    own.timer = setTimeout(() => ask().then(tools.changed), PAUSE_MS);
  });
  again.addEventListener("click", ask);
  again.hidden = !start;
  remove.addEventListener("click", () => tools.remove(row));
  return row;
}

/** Let the field be as high as its text, within what the style sheet allows. */
function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}
