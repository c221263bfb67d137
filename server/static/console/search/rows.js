// Rows of a table as documents: which column is the text, which the id; the others are metadata.

// By how surely a column of this name holds the text that is meant, as `python -m index import` takes them.
const TEXT_FIELDS = [
  "text", "content", "body", "page_content", "document", "passage", "paragraph", "article", "description", "abstract",
  "summary", "transcript", "message", "comment", "review", "note", "notes", "sentence",
];
// What a document has as the server gives it; vectors and passages it makes itself.
const OWN = new Set(["id", "text", "metadata", "expires_at", "vector", "passages"]);
const EMBEDDING = 64;

/** A row that is no document, and why. */
export class BadRow {
  constructor(reason) {
    this.reason = reason;
  }
}

/**
 * Return `{documents, refused}`: rows are numbered from 1, and a row without an id of its own is `FILE#NUMBER`.
 * `place` are the metadata that each document has of its file.
 */
export function rowDocuments(rows, name, place) {
  const good = rows.filter(isObject);
  const columns = { id: idColumn(namesOf(good)), text: textColumn(good) };
  const documents = [];
  const refused = [];
  rows.forEach((row, at) => {
    const number = at + 1;
    const reason = reasonAgainst(row, columns);
    if (reason) refused.push({ name: `${name}#${number}`, reason });
    else documents.push({ id: idOf(row, columns) ?? `${name}#${number}`, text: row[columns.text], ...restOf(row, columns, place) });
  });
  return { documents, refused };
}

/** Return the column with a usual name, else the one that has most text. */
export function textColumn(rows) {
  const names = namesOf(rows);
  const usual = usualText(names);
  if (usual) return usual;
  const size = (name) => rows.reduce((sum, row) => sum + (isText(row[name]) ? row[name].length : 0), 0);
  const sizes = new Map(names.map((name) => [name, size(name)]));
  return names.sort((a, b) => sizes.get(b) - sizes.get(a))[0] ?? "text";
}

/** Return the column of a usual name for text, if there is one; an exact name counts for more. */
export function usualText(names) {
  return TEXT_FIELDS.map((wanted) => named(wanted, names)).find((name) => name !== undefined);
}

/** Return the column that has the ids, if there is one. */
export function idColumn(names) {
  return named("id", names);
}

function named(wanted, names) {
  return names.find((name) => name === wanted) ?? names.find((name) => name.toLowerCase() === wanted);
}

function namesOf(rows) {
  const names = new Set();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  return [...names];
}

function reasonAgainst(row, columns) {
  if (row instanceof BadRow) return row.reason;
  if (!isObject(row)) return "is no JSON object";
  if (!isText(row[columns.text])) return `has no text (${columns.text})`;
  const id = row[columns.id] ?? "";
  if (typeof id !== "string" && !Number.isInteger(id)) return `has an id (${columns.id}) that is neither text nor an integer`;
  if (typeof id === "number" && !Number.isSafeInteger(id)) return `has an id (${columns.id}) of more digits than a browser reads: write it as text`;
  const end = isOwn(row, columns) ? row.expires_at : null;
  return end && typeof end !== "string" ? "has an expires_at that is no time" : "";
}

function idOf(row, columns) {
  const id = row[columns.id] ?? "";
  return id === "" ? null : String(id);
}

/** Return the metadata, and when the document expires where the row says so. */
function restOf(row, columns, place) {
  const own = isOwn(row, columns);
  const from = own ? (row.metadata ?? {}) : row;
  const taken = own ? [] : [columns.id, columns.text];
  const kept = Object.entries(from).filter(([name, value]) => !taken.includes(name) && value !== null && !isEmbedding(value));
  const renamed = kept.map(([name, value]) => [name in place ? `column_${name}` : name, value]);
  const metadata = { ...Object.fromEntries(renamed), ...place };
  return { metadata, ...(own && row.expires_at ? { expires_at: row.expires_at } : {}) };
}

/** Whether a row has nothing but the fields of a document. */
function isOwn(row, columns) {
  return columns.text === "text" && Object.keys(row).every((name) => OWN.has(name)) && isObject(row.metadata ?? {});
}

function isText(value) {
  return typeof value === "string" && value.trim() !== "";
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !(value instanceof BadRow);
}

function isEmbedding(value) {
  return Array.isArray(value) && value.length >= EMBEDDING && value.every((one) => typeof one === "number");
}
