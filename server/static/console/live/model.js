// What serves: the model, its variant and fidelity, on which instructions, and the fingerprint of its vectors.

import { el, fill } from "../elements.js";
import { whole } from "../drawing/scales.js";

const ATTENTION = {
  f32: "AVX-512, attention in float32",
  bf16: "AVX-512, attention in bfloat16",
  tiles: "AVX-512 and AMX tiles, attention in bfloat16",
};

/** Return {node, show(stats)}. */
export function modelCard() {
  const list = el("dl", { class: "model-facts" });
  const node = el(
    "section",
    { class: "card model", aria: { labelledby: "model-title" } },
    el("h2", { id: "model-title" }, "Model"),
    list,
  );
  const show = (stats) =>
    fill(
      list,
      factsOf(stats).map(([name, value, title]) =>
        el("div", {}, el("dt", {}, name), el("dd", { title: title ?? "" }, value)),
      ),
    );
  return { node, show };
}

function factsOf(stats) {
  const { fidelity } = stats;
  return [
    ["model", stats.model],
    ["variant", stats.variant],
    fidelity && [
      "fidelity",
      `cosine ${fidelity.mean.toFixed(4)} to fp32 on average, ${fidelity.least.toFixed(4)} at least`,
      `Measured at the export on ${fidelity.measured_on}; at this start the golden probes had ${fidelity.on_probes.toFixed(4)} at least`,
    ],
    ["instructions", instructions(stats)],
    [
      "provider",
      stats.cores ? `${stats.provider}, ${stats.cores} core${stats.cores === 1 ? "" : "s"}` : stats.provider,
    ],
    ["vectors", `${whole(stats.dimensions)} dimensions, of ${whole(stats.max_tokens)} tokens at most`],
    ["fingerprint", el("code", { class: "fingerprint" }, stats.fingerprint)],
  ].filter(Boolean);
}

function instructions({ attention, provider }) {
  if (attention) return ATTENTION[attention] ?? attention;
  return provider === "cpu" ? "as ONNX Runtime chooses" : provider.toUpperCase();
}
