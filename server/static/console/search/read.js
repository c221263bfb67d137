// Files as documents, each by its ending. A file is one document, of a table each row.

import { csvRows } from "./csv.js";
import { htmlOf } from "./html.js";
import { markdownOf } from "./markdown.js";
import { BadRow, rowDocuments } from "./rows.js";

const KINDS = {
  txt: "txt", md: "md", markdown: "md", csv: "csv", tsv: "csv", ndjson: "ndjson", jsonl: "ndjson", html: "html", htm: "html",
};
export const ACCEPTED = Object.keys(KINDS).map((ending) => `.${ending}`);
// Reading holds the page up: a table of so many bytes for some seconds.
const MOST_BYTES = 32 * 1024 * 1024;
const TOO_LARGE = "is larger than 32 MiB, the most that is read here: use python -m index import";
const MARKS = { fffe: "utf-16le", feff: "utf-16be" };

/** Whether a file of this name is read: its ending is known, and neither it nor a folder on its way is hidden. */
export function isRead(name) {
  return kindOf(name) !== undefined && !name.split("/").some((part) => part.startsWith("."));
}

/** Return `{documents, refused}` of a file; `name` is its path within what was dropped. */
export async function documentsOf(file, name) {
  if (file.size > MOST_BYTES) return { documents: [], refused: [{ name, reason: TOO_LARGE }] };
  try {
    const text = decoded(new Uint8Array(await file.arrayBuffer()));
    const place = { file: name, kind: kindOf(name), modified: new Date(file.lastModified).toISOString().replace(/\.\d+Z$/, "Z") };
    return READERS[place.kind](text, name, place);
  } catch (error) {
    return { documents: [], refused: [{ name, reason: error.message }] };
  }
}

const READERS = {
  txt: (text, name, place) => one({ text: withLineFeeds(text), title: "", metadata: {} }, name, place),
  md: (text, name, place) => one(markdownOf(withLineFeeds(text)), name, place),
  html: (text, name, place) => one({ ...htmlOf(text), metadata: {} }, name, place),
  csv: (text, name, place) => rowDocuments(csvRows(text), name, place),
  ndjson: (text, name, place) => lines(text, name, place),
};

function one({ text, title, metadata }, name, place) {
  if (!text.trim()) return { documents: [], refused: [{ name, reason: "has no text" }] };
  const stem = name.split("/").pop().replace(/\.[^.]+$/, "");
  const kept = Object.entries(metadata).map(([field, value]) => [field in place ? `column_${field}` : field, value]);
  const document = { id: name, text, metadata: { ...Object.fromEntries(kept), title: title || stem, ...place } };
  return { documents: [document], refused: [] };
}

function lines(text, name, place) {
  const rows = text.split(/\r?\n/).filter((line) => line.trim()).map((line) => {
    try {
      return JSON.parse(line);
    } catch {
      return new BadRow("is no JSON");
    }
  });
  return rowDocuments(rows, name, place);
}

function withLineFeeds(text) {
  return text.replace(/\r\n?/g, "\n");
}

/** Return the text of UTF-8, or of UTF-16 with a byte order mark. */
function decoded(bytes) {
  const mark = [...bytes.slice(0, 2)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    return new TextDecoder(MARKS[mark] ?? "utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("is not UTF-8");
  }
}

function kindOf(name) {
  return KINDS[/\.([^./]+)$/.exec(name)?.[1].toLowerCase()];
}
