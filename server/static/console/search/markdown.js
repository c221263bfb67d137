// Markdown: the front matter becomes metadata, the first heading the title.

const FRONT = /^---[ \t]*\n(?:([\s\S]*?)\n)?---[ \t]*(?:\n|$)/;
const MOST = 65_536; // characters of front matter: metadata takes no more
const PAIR = /^([\p{L}\p{N}_"'][^:]*):(?:[ \t]+(.*))?$/u;
const ITEM = /^[ \t]*-[ \t]+(.+)$/;
const ASIDE = /^(?:[ \t]|#|-[ \t]|$)/; // goes on with the line before, is a comment, an item, or blank
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}#{1,6}[ \t]+(.*)$/;

/**
 * Return `{text, metadata, title}` of a source whose lines end by line feeds; of the front matter only plain pairs and
 * lists are read, which is what notes have.
 */
export function markdownOf(source) {
  const front = FRONT.exec(source.slice(0, MOST));
  const lines = front ? (front[1] ?? "").split("\n") : [];
  const metadata = front && isFront(lines) ? pairsOf(lines) : null;
  const text = metadata ? source.slice(front[0].length) : source;
  const { title } = metadata ?? {};
  const given = typeof title === "string" || typeof title === "number" ? String(title) : "";
  return { text, metadata: metadata ?? {}, title: given || headingOf(text) };
}

/** Whether lines are front matter: between two rules there may as well be a text. */
function isFront(lines) {
  const first = lines.find((line) => line.trim() && !line.startsWith("#"));
  return (first === undefined || PAIR.test(first)) && lines.every((line) => PAIR.test(line) || ASIDE.test(line));
}

function pairsOf(lines) {
  const found = {};
  let list = null;
  for (const line of lines) {
    const pair = PAIR.exec(line);
    const item = ITEM.exec(line);
    const name = pair && plain(pair[1].trim());
    if (pair && !pair[2]) list = found[name] = [];
    else if (pair) {
      found[name] = valueOf(pair[2].trim());
      list = null;
    } else if (item && list) list.push(valueOf(item[1].trim()));
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => !Array.isArray(value) || value.length));
}

function valueOf(text) {
  if (/^\[.*\]$/.test(text)) {
    return text.slice(1, -1).split(",").map((one) => one.trim()).filter(Boolean).map(valueOf);
  }
  if (plain(text) !== text) return plain(text);
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && String(Number(text)) === text) return Number(text);
  return { true: true, false: false }[text] ?? text;
}

/** Take quotation marks off. */
function plain(text) {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

/** Return the first heading that is in no block of code, or nothing. */
function headingOf(text) {
  let fence = "";
  for (const line of text.split("\n")) {
    const found = FENCE.exec(line);
    if (found && !fence) fence = found[1];
    else if (found && found[1].startsWith(fence) && !found[2].trim()) fence = "";
    if (found || fence) continue;
    const heading = HEADING.exec(line)?.[1].trim().replace(/(?:^|[ \t]+)#+$/, "").trim();
    if (heading) return heading;
  }
  return "";
}
