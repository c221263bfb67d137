// The panel that compares the texts: what to do first, then the heat map, or why there is none.

import { el, fill } from "../elements.js";
import { isAborted } from "../errors.js";
import { failure } from "../search/failure.js";
import { compare } from "./asking.js";
import { heatmap } from "./heatmap.js";

/** Return {node, show(texts), recolour(), end()}; texts have a `number` and a `text`. */
export function likeness(api) {
  const content = el("div", { class: "likeness-content" });
  const node = el(
    "section",
    { class: "card likeness", aria: { labelledby: "likeness-title" } },
    el("h2", { id: "likeness-title" }, "How alike they are"),
    content,
  );
  const own = { asking: null, shown: "", recolour: () => {} };

  async function show(texts) {
    const wanted = JSON.stringify(texts);
    if (wanted === own.shown) return;
    own.shown = wanted;
    own.asking?.abort();
    own.recolour = () => {};
    if (texts.length < 2) {
      fill(
        content,
        el(
          "p",
          { class: "muted" },
          "With two texts or more, each is compared with each here: 1 means the same, 0 unrelated.",
        ),
      );
      return;
    }
    const { signal } = (own.asking = new AbortController());
    try {
      const map = heatmap(
        await compare(
          api,
          texts.map(({ text }) => text),
          signal,
        ),
        texts,
      );
      own.recolour = map.recolour;
      fill(content, map.node);
    } catch (error) {
      if (isAborted(error)) return;
      own.shown = "";
      fill(content, failure(error));
    }
  }

  return { node, show, recolour: () => own.recolour(), end: () => own.asking?.abort() };
}
