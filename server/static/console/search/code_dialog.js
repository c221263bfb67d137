// Shows the same call in three languages, to be copied.

import { openDialog } from "../dialogs.js";
import { el, fill } from "../elements.js";
import { icon } from "../icons.js";
import { callsOf } from "./code.js";
import { tabs } from "./tabs.js";

const SAID_MS = 1600;

export function showCode(context, address, body) {
  const calls = callsOf(address, body, Boolean(context.state.get("key")));
  const code = el("pre", { class: "code", tabIndex: 0, aria: { label: "Code" } });
  const copy = el("button", { class: "button primary", type: "button", onclick: () => copyCode() });
  const panel = el("div", { class: "code-panel" }, code, copy);
  let language = "curl";
  label("copy", "Copy");

  function label(picture, text) {
    fill(copy, icon(picture), text);
  }
  async function copyCode() {
    const done = await copied(code, calls[language]);
    label(done ? "check" : "copy", done ? "Copied" : "Press Ctrl C");
    context.announce(done ? "Copied" : "The code is selected");
    setTimeout(() => label("copy", "Copy"), SAID_MS);
  }
  const list = tabs("Language", Object.keys(calls), panel, (name) => {
    language = name;
    code.textContent = calls[name];
  });
  openDialog("The same call", el("div", { class: "stack" }, list, panel), { kind: "wide" });
}

/** Copy a text; where the browser does not let a page do so, as without TLS, select it. */
async function copied(element, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  }
}
