// A text's tokens as coloured chips, and the place where the model stops reading.

import { el } from "../elements.js";
import { countInWords, pieces } from "./tokens.js";

// More chips than these are not drawn: nobody looks at them one by one.
const MAX_CHIPS = 700;
const TINTS = 4;

/** Return the chips of a text's tokens, and a table of them that opens on demand. */
export function tokenChips(text, tokens, maxTokens, name) {
  const all = pieces(text, tokens, maxTokens);
  const drawn = all.slice(0, MAX_CHIPS);
  const nodes = [];
  let tint = 0;
  drawn.forEach((piece, index) => {
    if (piece.cut && !drawn[index - 1]?.cut) nodes.push(cutMark(maxTokens));
    if (piece.gap.includes("\n")) nodes.push(el("br"));
    if (!piece.continues) tint = (tint + 1) % TINTS;
    nodes.push(chip(piece, tint));
  });
  const rest = all.length - drawn.length;
  if (rest) nodes.push(el("li", { class: "token-rest" }, `and ${rest.toLocaleString("en")} more`));
  const label = `Tokens of ${name}: ${countInWords(tokens.length, maxTokens)}`;
  return el(
    "div",
    { class: "tokens" },
    el("ol", { class: "token-list", aria: { label } }, nodes),
    tokenTable(drawn, name),
  );
}

function cutMark(maxTokens) {
  return el("li", { class: "token-cut" }, `cut here: the model reads ${maxTokens} tokens`);
}

function chip(piece, tint) {
  const kinds = [
    piece.special ? "token-special" : `token-${tint}`,
    piece.continues && "token-continues",
    piece.gap && "token-apart",
    piece.cut && "token-beyond",
  ];
  const place = piece.start === null ? "added by the tokenizer" : `bytes ${piece.start} to ${piece.stop}`;
  const title = `${piece.token} · id ${piece.id} · ${place}${piece.cut ? " · not read" : ""}`;
  return el("li", { class: `token ${kinds.filter(Boolean).join(" ")}`, title }, piece.text || piece.token);
}

/** Return a table of the tokens, which is made when it is opened. */
function tokenTable(all, name) {
  const details = el("details", { class: "token-table" }, el("summary", {}, "Ids and places"));
  details.addEventListener("toggle", () => {
    if (details.open && details.childElementCount === 1) details.append(tableOf(all, name));
  });
  return details;
}

function tableOf(all, name) {
  const head = ["#", "token", "id", "bytes", "read"].map((title) => el("th", { scope: "col" }, title));
  const rows = all.map(({ token, id, start, stop, cut }, index) => {
    const place = start === null ? "–" : `${start}–${stop}`;
    return el(
      "tr",
      {},
      [index + 1, token, id, place, cut ? "no" : "yes"].map((value) => el("td", {}, String(value))),
    );
  });
  return el(
    "div",
    { class: "token-scroll", tabindex: "0", role: "region", aria: { label: `Ids and places of ${name}` } },
    el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
  );
}
