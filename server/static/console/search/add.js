// Adds files to the collection, in a dialog: which, how far it is, what was refused and why.

import { inCollection } from "../api.js";
import { openDialog } from "../dialogs.js";
import { el, fill } from "../elements.js";
import { isAborted } from "../errors.js";
import { dropzone } from "./dropzone.js";
import { failure } from "./failure.js";
import { isRead } from "./read.js";
import { plural } from "./text.js";
import { upload } from "./upload.js";

const SHOWN = 50;

/**
 * Show the dialog, with files that were dropped already or without. `added()` is called when there are new documents,
 * `closed()` once the dialog is gone. Returns the dialog.
 */
export function openAdd(context, files, { added, closed }) {
  const collection = context.state.get("collection");
  const controller = new AbortController();
  const dialog = openDialog("Add documents", [], { closed: end });
  if (files) start(files);
  else fill(dialog.body, el("p", { class: "muted" }, "To the collection ", el("strong", {}, collection), "."), dropzone(start));

  return dialog;

  function end() {
    controller.abort();
    closed();
  }

  async function start(chosen) {
    const some = chosen.filter(({ file, name }) => !file || isRead(name));
    const bar = el("progress", { max: 1, value: 0, aria: { label: "Progress" } });
    const told = el("p", { class: "number" }, `Reading ${plural(some.length, "file")}`);
    const cancel = el("button", { class: "button", type: "button", onclick: () => controller.abort() }, "Cancel");
    fill(dialog.body, el("div", { class: "stack" }, told, bar, el("div", { class: "dialog-foot" }, cancel)));
    cancel.focus();
    try {
      const sum = await upload({
        api: context.api,
        path: (route) => inCollection(collection, route),
        files: some,
        signal: controller.signal,
        told: ({ share, documents }) => {
          bar.value = share;
          told.textContent = `${plural(documents, "document")} of ${plural(some.length, "file")}`;
        },
      });
      show([`${plural(sum.documents, "document")} added.`], sum.refused, chosen.length - some.length);
    } catch (error) {
      const stored = `${plural(error.stored ?? 0, "document")} added before.`;
      if (isAborted(error)) show(["Stopped. ", stored], [], 0);
      else fill(dialog.body, el("div", { class: "stack" }, failure(error), el("p", {}, stored), foot()));
    }
    added();
  }

  function show(text, refused, others) {
    const parts = [el("p", { role: "status" }, el("strong", {}, text))];
    if (others) parts.push(el("p", { class: "muted" }, `${plural(others, "file")} of other kinds left out.`));
    if (refused.length) {
      const rows = refused.slice(0, SHOWN).map(({ name, reason }) => el("li", {}, el("span", { class: "mono" }, name), ` ${reason}`));
      parts.push(el("p", {}, `${plural(refused.length, "document")} refused:`), el("ul", { class: "refused", aria: { label: "Refused" } }, rows));
    }
    fill(dialog.body, el("div", { class: "stack" }, parts, foot()));
    context.announce(text.join(""));
    dialog.body.querySelector(".dialog-foot button").focus();
  }

  function foot() {
    return el("div", { class: "dialog-foot" }, el("button", { class: "button primary", type: "button", onclick: dialog.close }, "Done"));
  }
}
