// Asks for a key when the server wants one. However many requests wait for it, there is one dialog; and who gives none is
// not asked again by requests that go on by themselves, but asks for the dialog when they have a key.

import { openDialog } from "./dialogs.js";
import { el } from "./elements.js";

// What a header can hold; those who copy a key may have caught a space.
const KEY = "\\s*[!-~]+\\s*";

/**
 * Return `{refused, change}`, which resolve with whether there is another key now. `refused(wrong)` is for a request
 * whose key, or want of one, the server did not take; `change()` for a person who wishes to give one.
 */
export function keyDialog(state, show = ask) {
  let pending = null;
  let declined = null; // the key that the server does not take, instead of which no other was given
  function open(wrong) {
    pending ??= show(state, wrong).then((isGiven) => {
      pending = null;
      if (isGiven) declined = null;
      return isGiven;
    });
    return pending;
  }

  return {
    change: () => open(""),
    async refused(wrong) {
      if (declined === wrong) return false;
      const isGiven = await open(wrong);
      if (!isGiven) declined = wrong;
      return isGiven;
    },
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
      pattern: KEY,
      title: "Letters, digits and signs, as vecd_… has them",
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
