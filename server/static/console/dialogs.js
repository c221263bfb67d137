// Dialogs: the browser's own element, which holds the focus, closes with Esc and gives the focus back.

import { el } from "./elements.js";
import { icon } from "./icons.js";

let count = 0;

/**
 * Show a dialog with this heading; returns `{element, body, close}`. `kind` is a class: "" or "drawer".
 *
 * `closed()` is called once it is gone, however it went; `before` and `after` stand beside the heading.
 */
export function openDialog(title, content, { kind = "", closed = () => {}, before = [], after = [] } = {}) {
  const id = `dialog-${(count += 1)}`;
  const heading = el("h2", { id }, title);
  const body = el("div", { class: "dialog-body" }, content);
  const element = el(
    "dialog",
    { class: `dialog ${kind}`, aria: { labelledby: id }, onpointerdown: press, onclick: closeOutside, onclose: gone },
    el("div", { class: "dialog-head" }, before, heading, after, closeButton(() => element.close())),
    body,
  );
  // Who selects text and lets go of it outside does not mean to close.
  let isOutside = false;
  function press(event) {
    isOutside = event.target === element;
  }
  function closeOutside(event) {
    if (event.target === element && isOutside) element.close();
  }
  function gone() {
    element.remove();
    takeKeysAgain(document.activeElement);
    closed();
  }
  document.body.append(element);
  element.showModal();
  return { element, heading, body, close: () => element.close() };
}

/** Ask a question; resolves with whether the person said yes. */
export function confirmed(title, text, { yes = "OK", danger = false } = {}) {
  return new Promise((resolve) => {
    let answer = false;
    const say = (value) => () => {
      answer = value;
      dialog.close();
    };
    const cancel = el("button", { class: "button", type: "button", onclick: say(false) }, "Cancel");
    const go = el("button", { class: danger ? "button danger" : "button primary", onclick: say(true) }, yes);
    const id = `question-${(count += 1)}`;
    const content = [el("p", { id }, text), el("div", { class: "dialog-foot" }, cancel, go)];
    const dialog = openDialog(title, content, { closed: () => resolve(answer) });
    dialog.element.setAttribute("role", "alertdialog");
    dialog.element.setAttribute("aria-describedby", id);
    cancel.focus();
  });
}

/** Chromium gives the focus back to a field without its caret where the dialog had a field: nothing could be typed. */
function takeKeysAgain(element) {
  if (!element?.matches("input, textarea")) return;
  element.blur();
  element.focus();
}

function closeButton(close) {
  return el("button", { class: "icon-button", type: "button", aria: { label: "Close" }, onclick: close }, icon("close"));
}
