// Rows of a table as documents: which column is the text, which the id; the others are metadata.

// By how surely a column of this name holds the text that is meant, as `python -m index import` takes them.
const TEXT_FIELDS = [
  "text", "content", "body", "page_content", "document", "passage", "paragraph", "article", "description", "abstract",
  "summary", "transcript", "message", "comment", "review", "note", "notes", "sentence",
];
const OWN = new Set(["id", "text", "metadata"]);
const EMBEDDING = 64;

/**
 * Return `{documents, refused}`: rows are numbered from 1, and a row without an id of its own is `FILE#NUMBER`.
 * `place` are the metadata that each document has of its file.
 */
export function rowDocuments(rows, name, place) {
  const column = textColumn(rows.filter(isObject));
  const documents = [];
  const refused = [];
  rows.forEach((row, at) => {
    const number = at + 1;
    const reason = !isObject(row) ? "is no JSON object" : !isText(row[column]) ? `has no text (${column})` : "";
    if (reason) refused.push({ name: `${name}#${number}`, reason });
    else documents.push({ id: idOf(row) ?? `${name}#${number}`, text: row[column], metadata: metadataOf(row, column, place) });
  });
  return { documents, refused };
}

/** Return the column with a usual name, else the one that has most text. */
export function textColumn(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const usual = TEXT_FIELDS.map((wanted) => names.find((name) => name.toLowerCase() === wanted)).find(Boolean);
  if (usual) return usual;
  const size = (name) => rows.reduce((sum, row) => sum + (isText(row[name]) ? row[name].length : 0), 0);
  return names.sort((a, b) => size(b) - size(a))[0] ?? "text";
}

function metadataOf(row, column, place) {
  const isOwn = Object.keys(row).every((name) => OWN.has(name)) && isObject(row.metadata ?? {});
  const own = isOwn ? (row.metadata ?? {}) : row;
  const taken = isOwn ? [] : ["id", column];
  const kept = Object.entries(own).filter(([name, value]) => !taken.includes(name) && value !== null && !isEmbedding(value));
  return { ...Object.fromEntries(kept.map(([name, value]) => [name in place ? `column_${name}` : name, value])), ...place };
}

function idOf({ id }) {
  return (typeof id === "string" && id) || Number.isInteger(id) ? String(id) : null;
}

function isText(value) {
  return typeof value === "string" && value.trim() !== "";
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isEmbedding(value) {
  return Array.isArray(value) && value.length >= EMBEDDING && value.every((one) => typeof one === "number");
}
