// Parts of texts. The server counts characters as Unicode's code points, JavaScript in units of UTF-16.

/** Return a function from a number of characters to the index in the text at which they end. */
export function indexer(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (characters) => Math.min(characters, text.length);
  const starts = [];
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) starts.push(at);
  return (characters) => starts[characters] ?? text.length;
}

/** Return the parts of a text from each `start` up to its `end`; the text is looked through once for all of them. */
export function parts(text, spans) {
  const at = indexer(text);
  return spans.map(({ start, end }) => text.slice(at(start), at(end)));
}

/** Cut a text at spans of characters: `[{text, isMarked}]`, whole and in order. */
export function pieces(text, spans) {
  const at = indexer(text);
  const found = [];
  let done = 0;
  for (const { start, end } of [...spans].sort((a, b) => a.start - b.start)) {
    const [from, to] = [Math.max(at(start), done), at(end)];
    if (to <= from) continue;
    if (from > done) found.push({ text: text.slice(done, from), isMarked: false });
    found.push({ text: text.slice(from, to), isMarked: true });
    done = to;
  }
  if (done < text.length) found.push({ text: text.slice(done), isMarked: false });
  return found;
}

/** Return what a document is called: its title or name, else its id. */
export function titleOf({ id, metadata = {} }) {
  const found = [metadata.title, metadata.name].find((one) => typeof one === "string" && one.trim());
  return found ?? String(id);
}

/** Return the beginning of a text on one line. */
export function beginning(text, characters = 240) {
  const line = text.slice(0, 4 * characters).replace(/\s+/g, " ").trim();
  return line.length > characters ? `${line.slice(0, characters).trimEnd()}…` : line;
}

/** Return a metadata value as a person reads it. */
export function shownValue(value) {
  if (Array.isArray(value)) return value.map(shownValue).join(", ");
  return value !== null && typeof value === "object" ? JSON.stringify(value) : String(value);
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
