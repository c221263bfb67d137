// Live: what the server does now and did in the last minutes, what serves, and what it keeps.

import { el } from "../elements.js";
import { chart } from "./chart.js";
import { CHARTS } from "./charts.js";
import { collectionTable } from "./collections.js";
import { healthLine } from "./health.js";
import { modelCard } from "./model.js";
import { problemList } from "./problems.js";
import { watch } from "./watching.js";
import { add } from "./window.js";

export const title = "Live";

export function mount(root, { api, state }) {
  const own = { points: state.get("figures") ?? [], collections: null, samples: null };
  const health = healthLine();
  const model = modelCard();
  const collections = collectionTable();
  const problems = problemList();
  const charts = CHARTS.map((about) => chart(about, (seconds) => charts.forEach((one) => one.mark(seconds))));
  const grid = el(
    "div",
    { class: "charts" },
    charts.map(({ node }) => node),
  );
  root.append(
    el("header", { class: "view-head" }, el("h1", {}, "Live"), health.node),
    problems.node,
    el("h2", { class: "unseen" }, "The last five minutes"),
    grid,
    el("div", { class: "live-foot" }, model.node, collections.node),
  );

  const end = watch(api, {
    figures(point, samples) {
      const isFirst = own.samples === null;
      own.samples = samples;
      if (isFirst && own.collections) collections.show(own.collections, samples);
      own.points = add(own.points, point);
      const now = performance.now() / 1000;
      for (const one of charts) one.draw(own.points, now);
    },
    readiness: health.show,
    collections(list) {
      own.collections = list;
      collections.show(list, own.samples ?? new Map());
    },
    stats: model.show,
    told(name, error) {
      if (error?.name === "OfflineError") health.away();
      else problems.set(name, error);
    },
  });
  return () => {
    end();
    state.set("figures", own.points);
    for (const one of charts) one.end();
  };
}
