// Live: what the server does now and did in the last minutes, what serves, and what it keeps.

import { el, fill } from "../elements.js";
import { failure } from "../search/failure.js";
import { chart } from "./chart.js";
import { CHARTS } from "./charts.js";
import { collectionTable } from "./collections.js";
import { healthLine } from "./health.js";
import { modelCard } from "./model.js";
import { watch } from "./watching.js";
import { add } from "./window.js";

export const title = "Live";

export function mount(root, { api, state }) {
  const own = { points: state.get("figures") ?? [], collections: [], samples: new Map() };
  const health = healthLine();
  const model = modelCard();
  const collections = collectionTable();
  const problem = el("div", {});
  const charts = CHARTS.map((about) => chart(about, (seconds) => charts.forEach((one) => one.mark(seconds))));
  const grid = el(
    "div",
    { class: "charts" },
    charts.map(({ node }) => node),
  );
  root.append(
    el("header", { class: "view-head" }, el("h1", {}, "Live"), health.node),
    problem,
    el("h2", { class: "unseen" }, "The last five minutes"),
    grid,
    el("div", { class: "live-foot" }, model.node, collections.node),
  );

  const end = watch(api, {
    figures(point, samples) {
      own.samples = samples;
      fill(problem);
      own.points = add(own.points, point);
      const now = performance.now() / 1000;
      for (const one of charts) one.draw(own.points, now);
    },
    readiness: health.show,
    collections(list) {
      own.collections = list;
      collections.show(list, own.samples);
    },
    stats: model.show,
    failed(error) {
      if (error.name === "OfflineError") return health.away();
      fill(problem, failure(error));
    },
  });
  return () => {
    end();
    state.set("figures", own.points);
    for (const one of charts) one.end();
  };
}
