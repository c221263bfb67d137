// The search: what is asked, what is found. This puts the parts together and holds what they share.

import { addressOf, inCollection } from "../api.js";
import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { collectionPicker } from "../picker.js";
import { openAdd } from "./add.js";
import { answerOf, summaryOf } from "./asking.js";
import { modeChoice, searchBox } from "./box.js";
import { activeFilters } from "./chips.js";
import { showCode } from "./code_dialog.js";
import { openDetail } from "./detail.js";
import { watchDrops } from "./dropzone.js";
import { facetPanel } from "./facets.js";
import { failure } from "./failure.js";
import { facetsOf, fieldsOf } from "./fields.js";
import { hitList } from "./hits.js";
import { latest } from "./latest.js";
import { searchBody } from "./question.js";
import { areSamples, storeSamples } from "./samples.js";
import { scaleOf, thresholdSlider } from "./threshold.js";
import { emptyCollection, nothingFound, suggestions } from "./welcome.js";

export const title = "Search";
const TYPING_MS = 90;

export function mount(root, context) {
  const { api, state } = context;
  const path = (route) => inCollection(state.get("collection"), route);
  let conditions = {};
  let fields = { names: [], lists: new Set() };
  let documents = 0;
  let answer = { hits: [], more: null, took: null, total: null };
  let isEntered = false;
  let adding = null;

  const box = searchBox({ changed: () => refresh(TYPING_MS), entered, down: () => hits.focusFirst() });
  const mode = modeChoice(changeMode);
  const threshold = thresholdSlider(renderHits);
  const chips = activeFilters(changeConditions);
  const panel = facetPanel(changeConditions);
  const hits = hitList({ open, leave: () => box.input.focus(), setThreshold });
  const picker = collectionPicker(context, showFailure);
  const status = el("p", { class: "summary number", role: "status" });
  const place = el("div", { class: "answer" });
  const more = el("button", { class: "button", type: "button", hidden: true, onclick: showMore }, "Show more");
  const code = el("button", { class: "button small", type: "button", aria: { label: "Copy as code" }, onclick: copyCode }, icon("code"), el("span", { class: "label" }, "Copy as code"));
  const add = el("button", { class: "button", type: "button", onclick: () => addFiles(null) }, icon("upload"), "Add files");
  const controls = el("div", { class: "controls" }, mode.element, threshold.element, code);
  const asking = latest(showFailure);
  const counting = latest(() => panel.render({ names: [], facets: {}, conditions, documents }));

  fill(
    root,
    el("h1", { class: "unseen" }, "Search"),
    el("div", { class: "head" }, picker.element, add),
    el("search", { class: "ask" }, box.element, controls),
    el("div", { class: "columns" }, panel.element, el("div", { class: "found" }, el("h2", { class: "unseen" }, "Results"), chips.element, status, place, more)),
  );
  const ends = [
    box.close,
    picker.close,
    watchDrops(addFiles),
    state.on("collection", () => begin()),
    state.on("online", (online) => online && reload()),
    asking.stop,
    counting.stop,
  ];
  box.input.focus({ preventScroll: true });
  begin();
  return () => ends.forEach((end) => end());

  /** Another collection: nothing of the one before holds. */
  function begin() {
    conditions = {};
    threshold.reset();
    reload();
  }

  /** Other documents: what fields there are, how many, and what is found now. */
  async function reload() {
    const collections = await picker.refresh();
    if (!collections) return;
    documents = collections.find(({ name }) => name === state.get("collection"))?.documents ?? 0;
    fields = { names: [], lists: new Set() };
    root.classList.toggle("without", documents === 0);
    refresh();
    counting.run(async (signal) => {
      if (documents) fields = await fieldsOf(api, path, signal);
      await count(signal);
    });
  }

  function refresh(waitMs = 0) {
    chips.render(conditions);
    if (documents) asking.run((signal) => ask(null, signal), waitMs);
    else showEmpty();
  }

  async function ask(before, signal) {
    const question = questionNow();
    answer = await answerOf(api, path, question, before, signal);
    renderAnswer(question);
  }

  async function count(signal) {
    const facets = await facetsOf(api, path, fields, conditions, signal);
    panel.render({ names: fields.names, facets, conditions, documents });
  }

  function questionNow() {
    return { query: box.query(), mode: mode.value(), conditions, lists: fields.lists };
  }

  function renderAnswer(question) {
    status.textContent = summaryOf(answer, question.query);
    more.hidden = !answer.more;
    threshold.enable(Boolean(question.query));
    if (!answer.hits.length) {
      const isFiltered = Object.keys(conditions).length > 0;
      const search = () => (mode.set("hybrid"), changeMode());
      fill(place, nothingFound({ mode: question.mode, isFiltered, clear: () => changeConditions({}), search }));
      return;
    }
    threshold.scale(scaleOf(question.mode, question.query ? answer.hits : []));
    fill(place, !question.query && areSamples(answer.hits) ? suggestions(box.ask) : null, hits.element);
    renderHits();
    if (isEntered) hits.focusFirst();
    isEntered = false;
  }

  function renderHits() {
    const { hits: found } = answer;
    const isScored = found.length > 0 && found[0].score !== undefined;
    const most = mode.value() === "text" ? (found[0]?.score ?? 1) : 1;
    hits.render({ hits: found, threshold: isScored ? threshold.value() : null, most });
  }

  function showEmpty() {
    asking.stop();
    status.textContent = "";
    more.hidden = true;
    fill(place, emptyCollection(state.get("collection"), addFiles, addSamples));
  }

  function showFailure(error) {
    status.textContent = "";
    more.hidden = true;
    fill(place, failure(error));
  }

  function addFiles(files) {
    adding?.close();
    adding = openAdd(context, files, { added: reload, closed: () => box.input.focus() });
  }

  async function addSamples() {
    try {
      await storeSamples(context);
      box.input.focus();
      await reload();
    } catch (error) {
      place.prepend(failure(error));
    }
  }

  function changeMode() {
    threshold.reset();
    refresh();
  }

  function changeConditions(changed) {
    conditions = changed;
    refresh();
    counting.run(count);
  }

  function setThreshold(value) {
    threshold.set(value);
    renderHits();
  }

  function entered() {
    isEntered = true;
    refresh();
  }

  function showMore() {
    const { more: before } = answer;
    asking.run((signal) => ask(before, signal));
  }

  function open(hit) {
    openDetail(context, hit, () => reload());
  }

  function copyCode() {
    showCode(context, addressOf(path("search")), searchBody({ ...questionNow(), threshold: threshold.value() }));
  }
}
