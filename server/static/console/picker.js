// Chooses a collection, or makes one. The search and the map use it.

import { openDialog } from "./dialogs.js";
import { el, fill } from "./elements.js";
import { isAborted, wordsOf } from "./errors.js";
import { icon } from "./icons.js";

const NAME = "[a-z0-9_\\-]{1,64}";
const LANGUAGES = [
  "english", "arabic", "danish", "dutch", "finnish", "french", "german", "greek", "hungarian", "italian", "norwegian",
  "portuguese", "romanian", "russian", "spanish", "swedish", "tamil", "turkish",
];

/** Make a collection. One that is there already is left as it is: to make it again would change its settings. */
export async function makeCollection(api, name, language) {
  const { collections } = await api.get("collections");
  if (collections.some((one) => one.name === name)) throw new Error(`There is a collection ${name} already.`);
  await api.put(`collections/${encodeURIComponent(name)}`, { language });
}

/**
 * Return `{element, refresh, collections}`. `refresh()` asks the server which collections there are, and resolves with
 * them; a collection that has gone meanwhile is replaced by the first that is there. `failed(error)` is told of errors.
 */
export function collectionPicker({ api, state, announce }, failed = () => {}) {
  const select = el("select", { class: "select", aria: { label: "Collection" }, onchange: choose });
  const make = el("button", { class: "icon-button", type: "button", title: "New collection", onclick: create }, icon("plus"));
  make.setAttribute("aria-label", "New collection");
  const element = el("div", { class: "row nowrap" }, el("span", { class: "picker" }, select, icon("down")), make);
  let collections = [];

  function choose() {
    state.set("collection", select.value);
  }

  async function refresh() {
    try {
      collections = (await api.get("collections")).collections;
    } catch (error) {
      if (!isAborted(error)) failed(error);
      return null;
    }
    const names = collections.map((one) => one.name);
    if (names.length && !names.includes(state.get("collection"))) state.set("collection", names[0]);
    show();
    return collections;
  }

  function show() {
    const chosen = state.get("collection");
    const options = collections.map(({ name, documents }) =>
      el("option", { value: name, selected: name === chosen }, `${name} · ${documents.toLocaleString("en")}`),
    );
    fill(select, options);
    select.value = chosen;
  }

  function create() {
    const problem = el("div", { role: "alert" });
    const name = el("input", { class: "input", id: "collection-name", pattern: NAME, required: true, autocomplete: "off" });
    name.addEventListener("input", () => {
      name.value = name.value.toLowerCase().replaceAll(" ", "-");
    });
    const language = el("select", { class: "select", id: "collection-language" }, [
      ...LANGUAGES.map((one) => el("option", { value: one }, one[0].toUpperCase() + one.slice(1))),
      el("option", { value: "" }, "Other, or several"),
    ]);
    const form = el(
      "form",
      { class: "stack", onsubmit: send },
      el("label", { class: "field", htmlFor: "collection-name" }, el("span", {}, "Name"), name),
      el("p", { class: "small muted" }, "Small letters, digits, - and _."),
      el("label", { class: "field", htmlFor: "collection-language" }, el("span", {}, "Language"), el("span", { class: "picker" }, language, icon("down"))),
      problem,
      el("div", { class: "dialog-foot" }, el("button", { class: "button primary", type: "submit" }, "Create")),
    );
    const dialog = openDialog("New collection", form);
    name.focus();

    async function send(event) {
      event.preventDefault();
      try {
        await makeCollection(api, name.value, language.value || null);
      } catch (error) {
        const words = wordsOf(error);
        fill(problem, el("p", { class: "problem" }, icon("warning"), `${words.title}. ${words.detail}`));
        return;
      }
      dialog.close();
      state.set("collection", name.value);
      announce(`Collection ${name.value} is there`);
      await refresh();
    }
  }

  fill(select, el("option", { value: state.get("collection") }, state.get("collection")));
  return { element, refresh, collections: () => collections, close: state.on("collection", show) };
}
