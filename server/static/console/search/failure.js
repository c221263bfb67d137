// An error on the page, in words, where what was asked for would have been.

import { el } from "../elements.js";
import { wordsOf } from "../errors.js";
import { icon } from "../icons.js";

export function failure(error) {
  const { title, detail } = wordsOf(error);
  return el("div", { class: "problem", role: "alert" }, icon("warning"), el("p", {}, el("strong", {}, title), detail ? `: ${detail}` : "."));
}
