// Takes files: dropped anywhere on the page, or chosen by a button. Folders are read with all that is below them.

import { el } from "../elements.js";
import { icon } from "../icons.js";
import { ACCEPTED } from "./read.js";

/** Return the place that says what to do; `take([{file, name}])` gets the files. */
export function dropzone(take) {
  const files = input({ multiple: true, accept: ACCEPTED.join(",") }, "Files");
  const folder = input({ webkitdirectory: true }, "Folder");
  function input(attributes, label) {
    const made = el("input", { type: "file", class: "unseen", tabIndex: -1, ...attributes, aria: { label, hidden: "true" }, onchange: chosen });
    function chosen() {
      const found = [...made.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
      made.value = "";
      if (found.length) take(found);
    }
    return made;
  }
  return el(
    "div",
    { class: "dropzone" },
    icon("upload", 26),
    el("p", {}, el("strong", {}, "Drop files or a folder here")),
    el("p", { class: "small muted" }, "Text, Markdown and HTML: a document each. CSV and NDJSON: a document a row."),
    el(
      "div",
      { class: "row centred" },
      el("button", { class: "button primary", type: "button", onclick: () => files.click() }, "Choose files"),
      el("button", { class: "button", type: "button", onclick: () => folder.click() }, "Choose a folder"),
    ),
    files,
    folder,
  );
}

/** Take what is dropped anywhere on the page, and show that it can be; returns what ends it. */
export function watchDrops(take) {
  const veil = el("div", { class: "veil", hidden: true }, el("p", {}, icon("upload", 32), "Drop to add"));
  const controller = new AbortController();
  const listen = (name, listener) => window.addEventListener(name, listener, { signal: controller.signal });
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  // What is on its way already is not to be ended by what is dropped now.
  const isBusy = () => document.querySelector("dialog progress") !== null;
  listen("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // or the browser opens what is dropped in place of this page
    if (isBusy()) event.dataTransfer.dropEffect = "none";
    else veil.hidden = false;
  });
  listen("dragleave", (event) => {
    if (!event.relatedTarget) veil.hidden = true;
  });
  listen("drop", async (event) => {
    veil.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (isBusy()) return;
    const found = await dropped(event.dataTransfer);
    if (found.length) take(found);
  });
  document.body.append(veil);
  return () => {
    controller.abort();
    veil.remove();
  };
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, name: file.name }));
  return filesOf(entries);
}

/** Return the files of entries and of folders among them; what cannot be read is there with its name, and no file. */
export async function filesOf(entries) {
  return (await Promise.all(entries.map(below))).flat();
}

async function below(entry) {
  const name = entry.fullPath.replace(/^\//, "");
  try {
    return entry.isFile ? [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name }] : await within(entry);
  } catch {
    return [{ file: null, name }];
  }
}

async function within(folder) {
  const reader = folder.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return filesOf(found);
    found.push(...some);
  }
}
