// Whether the server takes requests, and what it still lacks, in words.

import { el, fill } from "../elements.js";

const LACKING = {
  graph: "The graph is still being loaded: searches compare every document, and are exact but slower.",
  words: "The index of words is still being built: searches by words wait for it.",
};

/** Return {node, show({status, lacking}), away()}. */
export function healthLine() {
  const dot = el("span", { class: "health-dot", aria: { hidden: "true" } });
  const word = el("strong", {});
  const detail = el("span", { class: "muted" });
  const node = el("p", { class: "health", role: "status" }, dot, word, detail);
  let told = "";

  function set(kind, title, text) {
    if (told === title + text) return;
    told = title + text;
    node.className = `health health-${kind}`;
    fill(word, title);
    fill(detail, text);
  }
  return {
    node,
    show({ status, lacking = [] }) {
      const text = lacking.map((one) => LACKING[one] ?? `It lacks its ${one}.`).join(" ");
      if (status !== "ready")
        set("bad", "Not ready", text || "It is starting or stopping, or a worker is being replaced.");
      else set(lacking.length ? "slow" : "good", lacking.length ? "Ready, not complete" : "Ready", text);
    },
    away: () => set("bad", "No answer", "The figures stop until the server answers again."),
  };
}
