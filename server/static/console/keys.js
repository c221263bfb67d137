// Asks for a key when the server wants one. However many requests wait for it, there is one dialog.

import { openDialog } from "./dialogs.js";
import { el } from "./elements.js";

/** Return `askForKey(wrong)`: resolves with whether there is another key now; `wrong` is the one that was refused. */
export function keyDialog(state) {
  let pending = null;
  return (wrong) => {
    pending ??= ask(state, wrong).finally(() => {
      pending = null;
    });
    return pending;
  };
}

function ask(state, wrong) {
  return new Promise((resolve) => {
    let given = false;
    const field = el("input", {
      class: "input mono",
      id: "key-field",
      type: "password",
      autocomplete: "off",
      spellcheck: false,
      required: true,
      placeholder: "vecd_…",
    });
    const kept = el("input", { type: "checkbox", id: "key-kept" });
    const form = el(
      "form",
      { class: "stack", onsubmit: use },
      el("p", { class: "muted" }, wrong ? "The server does not take this key: it is unknown, or has ended." : "This server answers those who have a key."),
      el("label", { class: "field", htmlFor: "key-field" }, el("span", {}, "Key"), field),
      el("label", { class: "check", htmlFor: "key-kept" }, kept, "Remember it until this tab is closed"),
      el(
        "p",
        { class: "small muted" },
        "Keys are made on the server: ",
        el("code", {}, "python -m server keys add NAME --scopes search,write,embed,admin"),
      ),
      el("div", { class: "dialog-foot" }, el("button", { class: "button primary", type: "submit" }, "Use this key")),
    );
    const dialog = openDialog("A key is needed", form, { closed: () => resolve(given) });
    field.focus();
    function use(event) {
      event.preventDefault();
      given = true;
      state.useKey(field.value.trim(), kept.checked);
      dialog.close();
    }
  });
}
