// The threshold: a slider, and which hits it hides. It is applied here, so that dragging shows at once what it does.

import { el } from "../elements.js";

const STEPS = 100;

/** Return how many of the hits, best first, reach the threshold. */
export function reaching(hits, threshold) {
  return threshold === null ? hits.length : hits.filter(({ score }) => score >= threshold).length;
}

/** Return the greatest value of the slider: BM25 has no upper bound, the other scores end at 1. */
export function scaleOf(mode, hits) {
  if (mode !== "text") return 1;
  return Math.max(1, Math.ceil(hits[0]?.score ?? 1));
}

export function shownScore(score) {
  return score >= 10 ? score.toFixed(1) : score.toFixed(2);
}

/** Return `{element, value, set, scale, reset, enable}`; `change()` is called while the slider is dragged. */
export function thresholdSlider(change) {
  const output = el("span", { class: "number", aria: { hidden: "true" } });
  const input = el("input", { type: "range", id: "threshold", min: "0", max: "1", value: "0", step: "0.01", oninput: moved });
  let frame = 0;
  const element = el("div", { class: "threshold" }, el("label", { htmlFor: "threshold" }, "Threshold"), input, output);

  function moved() {
    show();
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(change);
  }

  function show() {
    const text = value() === null ? "none" : shownScore(value());
    output.textContent = text;
    input.setAttribute("aria-valuetext", text);
    input.style.setProperty("--at", `${(100 * Number(input.value)) / Number(input.max)}%`);
  }

  /** The threshold, or null at the slider's left end. */
  function value() {
    return Number(input.value) > 0 ? Number(input.value) : null;
  }

  /** Put the slider at a threshold, or at the last step before it: what has this score is to reach it. */
  function set(threshold) {
    const step = Number(input.step);
    input.value = String(Math.floor((threshold ?? 0) / step + 1e-9) * step);
    show();
  }

  /** Let the slider end at a score; a threshold beyond it stays where it is. */
  function scale(most) {
    const max = Math.max(most, value() ?? 0);
    if (Number(input.max) !== max) {
      const kept = value();
      input.max = String(max);
      input.step = String(max / STEPS);
      input.value = String(kept ?? 0);
    }
    show();
  }

  /** Begin anew, as another mode's scores are other numbers. */
  function reset() {
    input.value = "0";
    input.max = "1";
    input.step = "0.01";
    show();
  }

  /** Without a question there are no scores that could reach anything. */
  function enable(isEnabled) {
    input.disabled = !isEnabled;
  }

  show();
  return { element, value, set, scale, reset, enable };
}
