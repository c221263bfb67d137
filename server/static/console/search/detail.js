// A document: its text with the passage that was found, its passages, its metadata, what is like it; and its end.

import { inCollection } from "../api.js";
import { confirmed, openDialog } from "../dialogs.js";
import { el, fill } from "../elements.js";
import { isAborted } from "../errors.js";
import { icon } from "../icons.js";
import { row } from "./hits.js";
import { failure } from "./failure.js";
import { passageList, wholeText } from "./passages.js";
import { likeBody } from "./question.js";
import { tabs } from "./tabs.js";
import { shownValue, titleOf } from "./text.js";

const LONG = 32; // characters that take a line of their own

/** Show a document in a drawer; `deleted(id)` is called once it is gone. */
export function openDetail(context, hit, deleted) {
  const { api, state, announce } = context;
  const collection = state.get("collection"); // another may be chosen while the document is shown
  const path = (route) => inCollection(collection, route);
  const back = el("button", { class: "icon-button", type: "button", hidden: true, aria: { label: "Back" }, onclick: goBack }, icon("back"));
  const controller = new AbortController();
  const closed = () => controller.abort();
  const remove = el("button", { class: "icon-button", type: "button", title: "Delete", aria: { label: "Delete" }, onclick: () => end(shown) }, icon("trash"));
  const dialog = openDialog(titleOf(hit), [], { kind: "drawer", before: back, after: remove, closed });
  const before = [];
  let shown = hit;

  async function load(one) {
    shown = one;
    back.hidden = !before.length;
    dialog.heading.textContent = titleOf(one);
    fill(dialog.body, el("p", { class: "muted" }, "Loading…"));
    try {
      const options = { signal: controller.signal, query: { id: one.id, include_passages: "true" } };
      const stored = await api.get(path("index"), options);
      if (shown !== one) return;
      show(stored, foundIn(one));
    } catch (error) {
      if (!isAborted(error)) fill(dialog.body, failure(error));
    }
  }

  function show(stored, found) {
    const alike = el("section", { class: "alike" });
    dialog.heading.textContent = titleOf(stored);
    dialog.body.scrollTop = 0;
    fill(dialog.body, about(stored), texts(stored, found), alike);
    showFound(dialog.body);
    showAlike(stored.id, alike);
  }

  function texts(stored, found) {
    const panel = el("div", { class: "text-panel" });
    const passages = stored.passages?.length ? stored.passages : [{ start: 0, end: [...stored.text].length }];
    const name = `Passages (${passages.length})`;
    const list = tabs("Parts", ["Text", name], panel, (chosen) => {
      fill(panel, chosen === "Text" ? wholeText(stored.text, found) : passageList(stored.text, passages, found));
      showFound(panel);
    });
    return el("section", {}, list, panel);
  }

  async function showAlike(id, place) {
    try {
      const hits = await api.post(path("search"), likeBody(id), { signal: controller.signal });
      if (!hits.length) return;
      const list = el("ol", { aria: { label: "More like this" } }, hits.map((one) => row(unmarked(one), null, 1, follow)));
      fill(place, el("h3", {}, icon("alike"), "More like this"), list);
    } catch (error) {
      if (!isAborted(error)) fill(place, failure(error));
    }
  }

  function follow(one) {
    before.push(shown);
    load(one);
    dialog.element.querySelector("[aria-label=Close]").focus();
  }

  function goBack() {
    load(before.pop());
    dialog.element.querySelector("[aria-label=Close]").focus();
  }

  async function end(stored) {
    const text = `“${titleOf(stored)}” will be gone from the collection ${collection}. This cannot be undone.`;
    if (!(await confirmed("Delete this document?", text, { yes: "Delete", danger: true }))) return;
    try {
      // Not DELETE, which a server refuses to pages of another origin: behind a proxy it may not know its own.
      await api.post(path("index/delete"), { ids: [stored.id] });
    } catch (error) {
      dialog.body.prepend(failure(error));
      return;
    }
    dialog.close();
    announce("The document is deleted");
    deleted(stored.id);
  }

  load(hit);
}

/** Return where it was found: the passage, in mode text the part that was shown; a document of a list was not found. */
function foundIn({ passage, snippet }) {
  return passage ?? (snippet?.end === undefined ? undefined : snippet);
}

/** What is alike by meaning has many words in common that mean nothing. */
function unmarked(hit) {
  return { ...hit, snippet: { ...hit.snippet, marks: [] } };
}

/** Scroll to what was found, where it is far down. */
function showFound(place) {
  place.querySelector(".found")?.scrollIntoView({ block: "nearest" });
}

function about({ id, metadata, expires_at: end }) {
  const { title: _, ...others } = metadata;
  const rows = [["id", id], ...Object.entries(others), ...(end ? [["expires at", end]] : [])];
  return el(
    "dl",
    { class: "metadata" },
    rows.map(([name, value]) => {
      const text = shownValue(value);
      const kind = text.length > LONG ? "long" : "";
      return el("div", { class: kind }, el("dt", {}, name), el("dd", { class: name === "id" ? "mono" : "" }, text));
    }),
  );
}
