// A text's tokens as coloured chips, and the place where the model stops reading.

import { el, fill } from "../elements.js";
import { countInWords, pieces } from "./tokens.js";

// Of a long text those tokens are drawn that begin it and those around the cut; the others on demand.
const WHOLE = 110;
const BEGINNING = 44;
const AROUND_CUT = 22;
// More than these are never drawn: nobody looks at them one by one.
const MOST = 1500;
const TINTS = 4;

/** Return the chips of a text's tokens, and a table of them that opens on demand. */
export function tokenChips(text, tokens, maxTokens, name) {
  const all = pieces(text, tokens, maxTokens).slice(0, MOST);
  const label = `Tokens of ${name}: ${countInWords(tokens.length, maxTokens)}`;
  const list = el("ol", { class: "token-list", aria: { label } });
  const chips = chipsOf(all, maxTokens);
  const runs = shownRuns(all);
  const unfold = () => {
    fill(list, chips);
    list.tabIndex = -1;
    list.focus();
  };
  let next = 0;
  for (const [start, end] of runs) {
    if (start > next) list.append(folded(start - next, unfold));
    list.append(...chips.slice(start, end).flat());
    next = end;
  }
  if (next < all.length) list.append(folded(all.length - next, unfold));
  return el("div", { class: "tokens" }, list, tokenTable(all, name));
}

/** Return which tokens are drawn at first, as [start, end] of each run. */
function shownRuns(all) {
  if (all.length <= WHOLE) return [[0, all.length]];
  const cut = all.findIndex((piece) => piece.cut);
  if (cut < 0) return [[0, BEGINNING + 2 * AROUND_CUT]];
  const end = Math.min(all.length, cut + AROUND_CUT);
  return cut - AROUND_CUT <= BEGINNING
    ? [[0, end]]
    : [
        [0, BEGINNING],
        [cut - AROUND_CUT, end],
      ];
}

/** Return for each token its chip, with what stands before it. */
function chipsOf(all, maxTokens) {
  let tint = 0;
  return all.map((piece, index) => {
    if (!piece.continues) tint = (tint + 1) % TINTS;
    const before = piece.cut && !all[index - 1]?.cut ? [cutMark(maxTokens)] : [];
    return [...before, chip(piece, tint)];
  });
}

function folded(count, unfold) {
  const words = `${count.toLocaleString("en")} more`;
  return el(
    "li",
    { class: "token-fold" },
    el("button", { class: "button quiet small", type: "button", onclick: unfold }, words),
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
