// The map: all documents of a collection in two dimensions, coloured by a field, with a query and its hits on it.

import { inCollection } from "../api.js";
import { onColours } from "../colours.js";
import { el, fill } from "../elements.js";
import { isAborted } from "../errors.js";
import { collectionPicker } from "../picker.js";
import { percent, whole } from "../drawing/scales.js";
import { colour, plain } from "./colouring.js";
import { finder } from "./finding.js";
import { bestField, readFields, readProjection } from "./loading.js";
import { legend } from "./legend.js";
import { lookOf } from "./look.js";
import { messages } from "./messages.js";
import { panel } from "./panel.js";
import { stage } from "./stage.js";
import { documentTexts } from "./texts.js";
import { toolbar } from "./toolbar.js";

export const title = "Map";

// Fewer documents than these have no map.
const LEAST = 3;
const HIT_ENLARGED = 1.6;
const LIST_PAUSE_MS = 150;

export function mount(root, context) {
  const { api, state, announce } = context;
  const own = {
    asking: null,
    texts: null,
    projection: null,
    colouring: plain(0),
    field: null,
    alone: null,
    chosen: -1,
    pointed: -1,
    listing: 0,
  };
  const map = stage(state, { point: showPointed, choose, moved: listSoon });
  const side = panel(() => own.texts, {
    choose: (point) => choose(point, true),
    read: (id, text) => own.projection?.ids[own.pointed] === id && map.say(own.pointed, text),
  });
  const key = legend((group) => paint(own.alone === group ? null : group));
  const note = messages();
  const picker = collectionPicker(context, (error) => note.problem(error));
  const tools = toolbar(
    { zoom: map.zoom, whole: map.whole, colourBy, find: (query) => hits.find(query) },
    picker.element,
  );
  const hits = finder({ api, state, announce, map, side, note, projection: () => own.projection, rest: listNearest });
  const facts = el("p", { class: "map-facts muted small" });
  const body = el(
    "div",
    { class: "map-body" },
    el("div", { class: "card map-box" }, map.node, tools.zoomers, note.node),
    el(
      "div",
      { class: "map-side" },
      el("section", { class: "card map-legend", aria: { label: "Colours" } }, key.node),
      side.node,
    ),
  );
  root.append(el("header", { class: "view-head" }, el("h1", {}, "Map"), facts), tools.node, body);

  function begin() {
    picker.refresh();
    load();
  }

  /** Load the collection's map anew. */
  async function load() {
    own.asking?.abort();
    hits.forget();
    const { signal } = (own.asking = new AbortController());
    const collection = state.get("collection");
    own.texts = documentTexts(api, collection);
    tools.enable(false);
    note.busy("Looking at all documents…");
    try {
      const fields = await readFields(api, collection, signal);
      const { count } = await api.post(inCollection(collection, "index/count"), {}, { signal });
      own.field = count >= LEAST ? bestField(fields, count) : null;
      tools.showFields(fields, own.field);
      if (count < LEAST) return showEmpty(count, collection);
      await project(signal);
    } catch (error) {
      if (!isAborted(error)) note.problem(error);
    }
  }

  async function project(signal) {
    const collection = state.get("collection");
    own.projection = await readProjection(api, collection, own.field, signal);
    const { ids, xs, ys, explained, documents } = own.projection;
    map.load(xs, ys);
    own.chosen = -1;
    recolour();
    note.clear();
    tools.enable(true);
    const shown =
      ids.length < documents
        ? `${whole(ids.length)} of ${whole(documents)} documents`
        : `${whole(ids.length)} documents`;
    const kept = explained.reduce((sum, share) => sum + share, 0);
    facts.textContent = `${shown} of “${collection}”: near each other where their meanings are. Two principal components, which hold ${percent(kept)} of what sets them apart.`;
    side.showDocument(null);
    hits.find(tools.query());
    announce(`Map of ${shown}`);
  }

  function showEmpty(count, collection) {
    own.projection = null;
    map.load(new Float32Array(0), new Float32Array(0));
    facts.textContent = "";
    fill(key.node);
    tools.enable(false);
    side.showDocument(null);
    side.showList("Nearest to the middle", []);
    note.empty(count, collection);
  }

  async function colourBy(field) {
    own.asking?.abort();
    const { signal } = (own.asking = new AbortController());
    own.field = field;
    own.alone = null;
    try {
      const found = field ? await readProjection(api, state.get("collection"), field, signal) : own.projection;
      if (found.state !== own.projection.state) return await project(signal);
      own.projection.values = found.values;
      recolour();
      announce(field ? `Coloured by ${field}` : "All in one colour");
    } catch (error) {
      if (!isAborted(error)) note.problem(error);
    }
  }

  function recolour() {
    own.alone = null;
    own.colouring = own.field ? colour(own.projection.values) : plain(own.projection.ids.length);
    paint(null);
  }

  function paint(alone) {
    own.alone = alone;
    if (!own.projection) return;
    const look = lookOf(own.colouring, alone);
    key.show(own.colouring, look.colours, own.field, alone);
    map.paint(own.colouring.groups, look);
  }

  function showPointed(point) {
    own.pointed = point;
    const shown = point >= 0 ? point : own.chosen;
    side.showDocument(shown >= 0 ? own.projection.ids[shown] : null);
  }

  function choose(point, isGoing = false) {
    own.chosen = point;
    map.choose(point);
    showPointed(point);
    if (point >= 0 && isGoing) map.goTo(...map.place(point), HIT_ENLARGED);
  }

  /** Once the map has come to rest. */
  function listSoon() {
    clearTimeout(own.listing);
    own.listing = setTimeout(listNearest, LIST_PAUSE_MS);
  }

  function listNearest() {
    if (!own.projection || hits.shown()) return;
    const points = map.nearest(...map.middle());
    side.showList(
      "Nearest to the middle",
      points.map((point) => ({ point, id: own.projection.ids[point] })),
    );
  }

  const unwatch = [state.on("collection", load), state.on("key", begin), onColours(state, () => paint(own.alone))];
  begin();
  return () => {
    picker.close();
    tools.end();
    clearTimeout(own.listing);
    own.asking?.abort();
    hits.forget();
    for (const end of unwatch) end();
    map.end();
    side.end();
  };
}
