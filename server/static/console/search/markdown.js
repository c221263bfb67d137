// Markdown: the front matter becomes metadata, the first heading the title.

const FRONT = /^---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;

/** Return `{text, metadata, title}`; of the front matter only plain pairs and lists are read, which is what notes have. */
export function markdownOf(source) {
  const front = FRONT.exec(source);
  const text = front ? source.slice(front[0].length) : source;
  const metadata = front ? pairsOf(front[1]) : {};
  const heading = /^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$/m.exec(text)?.[1];
  const given = typeof metadata.title === "string" || typeof metadata.title === "number" ? String(metadata.title) : "";
  return { text, metadata, title: given || heading || "" };
}

function pairsOf(source) {
  const found = {};
  let list = null;
  for (const line of source.split(/\r?\n/)) {
    const pair = /^([A-Za-z_][\w -]*):(?:[ \t]+(.*))?$/.exec(line);
    const item = /^[ \t]*-[ \t]+(.+)$/.exec(line);
    if (pair && !pair[2]) list = found[pair[1]] = [];
    else if (pair) {
      found[pair[1]] = valueOf(pair[2].trim());
      list = null;
    } else if (item && list) list.push(valueOf(item[1].trim()));
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => !Array.isArray(value) || value.length));
}

function valueOf(text) {
  if (/^\[.*\]$/.test(text)) {
    return text.slice(1, -1).split(",").map((one) => one.trim()).filter(Boolean).map(valueOf);
  }
  const quoted = /^(["'])(.*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && String(Number(text)) === text) return Number(text);
  return { true: true, false: false }[text] ?? text;
}
