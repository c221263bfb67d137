// The search: what is asked, what is found. This puts the parts together and holds what they share.

import { addressOf, inCollection } from "../api.js";
import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { collectionPicker } from "../picker.js";
import { openAdd } from "./add.js";
import { answerArea } from "./area.js";
import { answerOf } from "./asking.js";
import { modeChoice, searchBox } from "./box.js";
import { activeFilters } from "./chips.js";
import { showCode } from "./code_dialog.js";
import { openDetail } from "./detail.js";
import { watchDrops } from "./dropzone.js";
import { facetPanel } from "./facets.js";
import { failure } from "./failure.js";
import { facetsOf } from "./fields.js";
import { latest } from "./latest.js";
import { knowledge } from "./learning.js";
import { searchBody } from "./question.js";
import { storeSamples } from "./samples.js";
import { thresholdSlider } from "./threshold.js";
import { emptyCollection } from "./welcome.js";

export const title = "Search";
const TYPING_MS = 90;

export function mount(root, context) {
  const { api, state } = context;
  const path = (route) => inCollection(state.get("collection"), route);
  let conditions = {};
  let documents = null; // how many there are, once it is known
  let isEntered = false;
  let adding = null;

  const showFailure = (error) => area.say(failure(error));
  const box = searchBox(state, { changed: typed, entered, down: () => area.focusFirst() });
  const mode = modeChoice(changeMode);
  const threshold = thresholdSlider(() => area.renderHits());
  const chips = activeFilters(changeConditions);
  const panel = facetPanel(changeConditions);
  const picker = collectionPicker(context, showFailure);
  const area = answerArea(threshold, {
    open: (hit) => openDetail(context, hit, reload),
    leave: () => box.input.focus(),
    more: (before) => asking.run((signal) => ask(before, signal)),
    clear: () => changeConditions({}),
    search: () => (mode.set("hybrid"), changeMode()),
    ask: box.ask,
  });
  const code = el(
    "button",
    { class: "button small", type: "button", title: "Copy as code", aria: { label: "Copy as code" }, onclick: copyCode },
    icon("code"),
    el("span", { class: "label" }, "Copy as code"),
  );
  const add = el("button", { class: "button", type: "button", onclick: () => addFiles(null) }, icon("upload"), "Add files");
  const asking = latest(showFailure);
  const hidePanel = () => panel.render({ names: [], lists: new Set(), facets: {}, conditions, documents });
  const counting = latest(hidePanel);
  const known = knowledge(api, path, { learned, failed: hidePanel });

  fill(
    root,
    el("h1", { class: "unseen" }, "Search"),
    el("div", { class: "head" }, picker.element, add),
    el("search", { class: "ask" }, box.element, el("div", { class: "controls" }, mode.element, threshold.element, code)),
    el("div", { class: "columns" }, panel.element, el("div", { class: "found" }, el("h2", { class: "unseen" }, "Results"), chips.element, area.elements)),
  );
  const ends = [
    box.close,
    picker.close,
    watchDrops(addFiles),
    state.on("collection", begin),
    state.on("key", reload),
    state.on("online", (online) => online && reload()),
    asking.stop,
    counting.stop,
    known.forget,
  ];
  box.input.focus({ preventScroll: true });
  begin();
  return () => ends.forEach((end) => end());

  /** Another collection: nothing of the one before holds. */
  function begin() {
    conditions = {};
    documents = null;
    known.forget();
    counting.stop();
    threshold.reset();
    reload();
  }

  /** Other documents: what fields there are, how many, and what is found now. */
  async function reload() {
    const collections = await picker.refresh();
    if (!collections) return;
    documents = collections.find(({ name }) => name === state.get("collection"))?.documents ?? 0;
    root.classList.toggle("without", documents === 0);
    refresh();
    if (documents) known.learn();
    else {
      known.forget();
      counting.stop();
      hidePanel();
    }
  }

  /** A filter says another thing of a field that has lists. */
  function learned(haveListsChanged) {
    if (haveListsChanged && Object.keys(conditions).length) refresh();
    counting.run(count);
  }

  function refresh(waitMs = 0) {
    chips.render(conditions);
    code.disabled = !box.query();
    if (documents === null) return; // what is shown says why
    if (documents) {
      asking.run((signal) => ask(null, signal), waitMs);
      return;
    }
    asking.stop();
    area.say(emptyCollection(state.get("collection"), addFiles, addSamples));
  }

  async function ask(before, signal) {
    const question = questionNow();
    const answer = await answerOf(api, path, question, before, signal);
    area.show(answer, question);
    if (isEntered) area.focusFirst();
    isEntered = false;
  }

  async function count(signal) {
    const fields = known.fields();
    const facets = await facetsOf(api, path, fields, conditions, signal);
    panel.render({ ...fields, facets, conditions, documents });
  }

  function questionNow() {
    return { query: box.query(), mode: mode.value(), conditions, lists: known.fields().lists };
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
      area.warn(error);
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

  function typed() {
    isEntered = false;
    refresh(TYPING_MS);
  }

  function entered() {
    isEntered = true;
    if (documents === null) reload();
    else refresh();
  }

  function copyCode() {
    showCode(context, addressOf(path("search")), searchBody({ ...questionNow(), threshold: threshold.value() }));
  }
}
