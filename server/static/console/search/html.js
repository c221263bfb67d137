// The text that is seen of a page. The page is parsed apart from this one: nothing of it is loaded, run or shown.

import { bare } from "./bare.js";

const UNSEEN = "script, style, template, noscript, head, svg, iframe, object, nav, [hidden]";
const BLOCKS = "address, article, aside, blockquote, br, dd, div, dl, dt, figcaption, footer, form, h1, h2, h3, h4, h5, h6, header, hr, li, main, ol, p, pre, section, table, tr, ul";

/** Return `{text, title}` of a page's source. */
export function htmlOf(source) {
  const parsed = new DOMParser().parseFromString(bare(source), "text/html");
  const title = (parsed.title || parsed.querySelector("h1")?.textContent || "").replace(/\s+/g, " ").trim();
  for (const one of parsed.querySelectorAll(UNSEEN)) one.remove();
  for (const one of parsed.querySelectorAll(BLOCKS)) {
    one.before("\n");
    one.append("\n");
  }
  for (const cell of parsed.querySelectorAll("td, th")) cell.append(" ");
  return { text: tidy(parsed.body?.textContent ?? ""), title };
}

function tidy(text) {
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
