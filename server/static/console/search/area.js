// Where the answer stands: the line above it, the hits or what is said in their place, and the way to more of them.

import { el, fill } from "../elements.js";
import { summaryOf } from "./asking.js";
import { failure } from "./failure.js";
import { hitList } from "./hits.js";
import { areSamples } from "./samples.js";
import { scaleOf } from "./threshold.js";
import { nothingFound, suggestions } from "./welcome.js";

const NOTHING = { hits: [], more: null, took: null, total: null };

/**
 * Return `{elements, show, say, warn, renderHits, focusFirst}`. `show(answer, question)` shows what was found, `say(element)` an
 * element in place of any answer. `does` has what a person may do here: `open(hit)`, `leave()`, `more(before)`,
 * `clear()`, `search()`, `ask(query)`.
 */
export function answerArea(threshold, does) {
  const status = el("p", { class: "summary number", role: "status" });
  const place = el("div", { class: "answer" });
  const more = el("button", { class: "button", type: "button", hidden: true, onclick: () => does.more(answer.more) }, "Show more");
  const hits = hitList({ open: does.open, leave: does.leave, setThreshold });
  let answer = NOTHING;
  let mode = "";

  function show(found, question) {
    const giveBack = hits.holdFocus();
    answer = found;
    mode = question.mode;
    status.textContent = summaryOf(found, question.query);
    more.hidden = !found.more;
    threshold.enable(Boolean(question.query));
    if (!found.hits.length) {
      fill(place, nothingFound({ ...question, clear: does.clear, search: does.search }));
      giveBack();
      return;
    }
    threshold.scale(scaleOf(mode, question.query ? found.hits : []));
    fill(place, !question.query && areSamples(found.hits) ? suggestions(does.ask) : null, hits.element);
    renderHits();
    giveBack();
  }

  function renderHits() {
    const { hits: found } = answer;
    if (!found.length) return;
    const isScored = found[0].score !== undefined;
    const most = mode === "text" ? (found[0].score ?? 1) : 1;
    hits.render({ hits: found, threshold: isScored ? threshold.value() : null, most });
  }

  function setThreshold(value) {
    threshold.set(value);
    renderHits();
  }

  function say(element) {
    const giveBack = hits.holdFocus();
    answer = NOTHING;
    status.textContent = "";
    more.hidden = true;
    fill(place, element);
    giveBack();
  }

  /** Put an error before what is there. */
  function warn(error) {
    place.prepend(failure(error));
  }

  return { elements: [status, place, more], show, say, warn, renderHits, focusFirst: hits.focusFirst };
}
