// What the console computes without a browser.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";

const HERE = new URL("../../../server/static/console/search/", import.meta.url);
const load = (name) => import(new URL(name, HERE));

const { filterOf, toggled, replaced, described } = await load("filter.js");
const { pieces, parts, titleOf } = await load("text.js");
const { csvRows } = await load("csv.js");
const { rowDocuments } = await load("rows.js");
const { markdownOf } = await load("markdown.js");
const { callsOf } = await load("code.js");
const { searchBody, listQuery } = await load("question.js");
const { reaching, scaleOf } = await load("threshold.js");
const { documentsOf, isRead } = await load("read.js");
const { latest } = await load("latest.js");
const { facetsOf, fieldsOf } = await load("fields.js");
const { upload } = await load("upload.js");

test("conditions become the simplest filter that says the same", () => {
  assert.equal(filterOf({}), null);
  assert.deepEqual(filterOf({ year: { values: [1991] } }), { year: 1991 });
  assert.deepEqual(filterOf({ year: { values: [1991, 1995] }, by: { values: ["Ada"] } }), { year: { $in: [1991, 1995] }, by: "Ada" });
  assert.deepEqual(filterOf({ year: { from: 1990, to: 2000 } }), { year: { $gte: 1990, $lte: 2000 } });
  assert.deepEqual(filterOf({ path: { prefix: "work/" } }), { path: { $prefix: "work/" } });
});

test("a field that has lists is asked for its elements and for single values", () => {
  const lists = new Set(["tags", "by"]);
  assert.deepEqual(filterOf({ tags: { values: ["web"] } }, lists), { $or: [{ tags: { $in: ["web"] } }, { tags: { $contains: "web" } }] });
  const both = filterOf({ tags: { values: ["a"] }, by: { values: ["b"] }, year: { from: 1 } }, lists);
  assert.deepEqual(Object.keys(both), ["$and"]);
  assert.equal(both.$and.length, 3);
});

test("a value that is clicked twice is gone, and numbers are not texts", () => {
  const once = toggled({}, "year", 1991);
  assert.deepEqual(once, { year: { values: [1991] } });
  assert.deepEqual(toggled(once, "year", "1991").year.values, [1991, "1991"]);
  assert.deepEqual(toggled(once, "year", 1991), {});
  assert.deepEqual(replaced(once, "year", undefined), {});
});

test("each condition in force is told with what remains without it", () => {
  const conditions = { year: { values: [1, 2], from: 0 }, by: { prefix: "A" } };
  const told = described(conditions);
  assert.deepEqual(told.map(({ field, text }) => `${field}: ${text}`), ["year: 1", "year: 2", "year: ≥ 0", "by: begins with A"]);
  assert.deepEqual(told[3].without, { year: { values: [1, 2], from: 0 } });
});

test("marks count characters as the server does, beyond the first plane, too", () => {
  const text = "🙂🙂 warm water";
  assert.deepEqual(parts(text, [{ start: 3, end: 7 }, { start: 0, end: 2 }]), ["warm", "🙂🙂"]);
  assert.deepEqual(pieces(text, [{ start: 8, end: 13 }, { start: 3, end: 7 }]), [
    { text: "🙂🙂 ", isMarked: false },
    { text: "warm", isMarked: true },
    { text: " ", isMarked: false },
    { text: "water", isMarked: true },
  ]);
  assert.deepEqual(pieces("ab", [{ start: 0, end: 9 }]), [{ text: "ab", isMarked: true }]);
});

test("a document is called by its title, else by its id", () => {
  assert.equal(titleOf({ id: 7, metadata: {} }), "7");
  assert.equal(titleOf({ id: "a", metadata: { title: " ", name: "N" } }), "N");
});

test("a table is read with quotation marks, line breaks within cells, and numbers as numbers", () => {
  const rows = csvRows('id;text;year;code\r\n1;"He said ""no"";\nand left";1999;007\r\n\r\n2;b;;1\r\n');
  assert.deepEqual(rows, [
    { id: "1", text: 'He said "no";\nand left', year: 1999, code: "007" },
    { id: "2", text: "b", code: "1" },
  ]);
  assert.throws(() => csvRows('a,b\n"open,1\n'), /not closed/);
  assert.deepEqual(csvRows(""), []);
  assert.deepEqual(csvRows("a,,a\n1,2,3\n"), [{ a: 1, column_2: 2, a_3: 3 }]);
});

test("a row is a document by its own id or by the file and its number, its other columns are metadata", () => {
  const place = { file: "b.csv", kind: "csv" };
  const { documents, refused } = rowDocuments([{ text: "x", year: 1, file: "mine" }, { id: 9, text: "y" }, { text: " " }, 3], "b.csv", place);
  assert.deepEqual(documents, [
    { id: "b.csv#1", text: "x", metadata: { year: 1, column_file: "mine", ...place } },
    { id: "9", text: "y", metadata: place },
  ]);
  assert.deepEqual(refused.map(({ name }) => name), ["b.csv#3", "b.csv#4"]);
});

test("documents in the server's own shape keep their metadata, and the text is the longest column where none has a usual name", () => {
  const own = rowDocuments([{ id: "a", text: "x", metadata: { n: 1 } }], "f.ndjson", { file: "f.ndjson" });
  assert.deepEqual(own.documents, [{ id: "a", text: "x", metadata: { n: 1, file: "f.ndjson" } }]);
  const other = rowDocuments([{ name: "short", plot: "a long story" }], "f.csv", {});
  assert.equal(other.documents[0].text, "a long story");
  assert.deepEqual(other.documents[0].metadata, { name: "short" });
});

test("front matter becomes metadata and is no part of the text", () => {
  const found = markdownOf("---\ntitle: 'A trip'\nyear: 2020\ntags: [sea, sun]\npeople:\n  - Ada\n  - Bo\n---\n# Not this\ntext");
  assert.deepEqual(found.metadata, { title: "A trip", year: 2020, tags: ["sea", "sun"], people: ["Ada", "Bo"] });
  assert.equal(found.title, "A trip");
  assert.equal(found.text, "# Not this\ntext");
  assert.equal(markdownOf("some\n## The heading ##\n").title, "The heading");
});

test("a file is read by its ending, and one that is no text is refused with the reason", async () => {
  const file = (bytes, name) => new File([bytes], name, { lastModified: 0 });
  const { documents } = await documentsOf(file("# Boiler\nwarm", "boiler.md"), "notes/boiler.md");
  const metadata = { title: "Boiler", file: "notes/boiler.md", kind: "md", modified: "1970-01-01T00:00:00Z" };
  assert.deepEqual(documents, [{ id: "notes/boiler.md", text: "# Boiler\nwarm", metadata }]);
  const utf16 = await documentsOf(file(new Uint8Array([0xff, 0xfe, 0x68, 0, 0x69, 0]), "a.txt"), "a.txt");
  assert.equal(utf16.documents[0].text, "hi");
  assert.deepEqual((await documentsOf(file(new Uint8Array([0xff, 0xff]), "a.txt"), "a.txt")).refused, [{ name: "a.txt", reason: "is not UTF-8" }]);
  assert.deepEqual((await documentsOf(file(" \n", "a.txt"), "a.txt")).refused, [{ name: "a.txt", reason: "has no text" }]);
  assert.equal((await documentsOf(file('{"text": "a"}\nno\n{"text": "c"}\n', "a.ndjson"), "a.ndjson")).documents[1].id, "a.ndjson#3");
});

test("hidden files and other endings are passed over", () => {
  assert.deepEqual(["a.md", "x/b.HTML", ".git/a.md", "c.png", "README"].map(isRead), [true, true, false, false, false]);
});

test("no request leaves anything out, and pages follow each other", () => {
  const body = searchBody({ query: "q", mode: "hybrid", conditions: { a: { values: [1] } }, lists: new Set(), offset: 20 });
  assert.equal(body.threshold, -1);
  assert.equal(body.offset, 20);
  assert.equal(body.prefix, true);
  assert.deepEqual(body.filter, { a: 1 });
  assert.equal("prefix" in searchBody({ query: "q", mode: "vector", conditions: {} }), false);
  assert.equal(searchBody({ query: "q", mode: "text", conditions: {}, offset: 990 }).top_k, 10);
  assert.equal(listQuery({ conditions: { a: { values: [1] } }, after: "x" }).filter, '{"a":1}');
});

test("the threshold parts the hits, and its scale fits the mode", () => {
  const hits = [{ score: 7.2 }, { score: 0.5 }, { score: 0.1 }];
  assert.equal(reaching(hits, 0.5), 2);
  assert.equal(reaching(hits, null), 3);
  assert.equal(scaleOf("text", hits), 8);
  assert.equal(scaleOf("hybrid", hits), 1);
});

test("the same call is written in three languages, without a key in it", () => {
  const calls = callsOf("http://127.0.0.1:8000/search", { query: "it's", threshold: -1, snippet: true, fields: ["id"], filter: null }, true);
  assert.deepEqual(Object.keys(calls), ["curl", "Python", "JavaScript"]);
  assert.match(calls.curl, /it'\\''s/);
  assert.match(calls.curl, /Bearer \$VECD_KEY/);
  assert.match(calls.Python, /"snippet": True,/);
  assert.match(calls.Python, /"filter": None,/);
  assert.match(calls.Python, /"fields": \["id"\]/);
  assert.match(calls.JavaScript, /process\.env\.VECD_KEY/);
});

test("what is asked later ends what was asked before, and of several questions in a row one is sent", async () => {
  const failed = [];
  const { run, stop } = latest((error) => failed.push(error.message));
  const shown = [];
  const gates = {};
  const ask = (name) => async (signal) => {
    await new Promise((resolve) => (gates[name] = resolve));
    signal.throwIfAborted();
    shown.push(name);
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  run(ask("never sent"), 0);
  run(ask("slow"), 0);
  while (!gates.slow) await turn();
  run(ask("quick"), 0);
  while (!gates.quick) await turn();
  gates.quick();
  gates.slow();
  await turn();
  assert.deepEqual(shown, ["quick"]);
  assert.equal("never sent" in gates, false);
  run(async () => { throw new Error("broken"); }, 0);
  while (!failed.length) await turn();
  assert.deepEqual(failed, ["broken"]);
  run(ask("stopped"), 0);
  stop();
  await turn();
  assert.equal("stopped" in gates, false);
});

test("fields of documents that lack what the first ones have are found, too", async () => {
  const asked = [];
  const pages = [[{ a: 1, both: "x" }, { a: 2, both: "y", $odd: 1 }], [{ both: "z", tags: ["t"], deep: { er: 1 } }], []];
  const api = { get: async (_, { query }) => (asked.push(query.filter), { documents: (pages.shift() ?? []).map((metadata) => ({ metadata })) }) };
  const { names, lists } = await fieldsOf(api, (route) => route);
  assert.deepEqual(names, ["both", "a", "tags"]);
  assert.deepEqual([...lists], ["tags"]);
  assert.deepEqual(asked, [undefined, '{"$or":[{"a":{"$exists":false}},{"both":{"$exists":false}}]}', '{"$or":[{"both":{"$exists":false}}]}']);
});

test("values of a field that has a condition are counted without it", async () => {
  const asked = [];
  const api = { post: async (_, body) => (asked.push(body), { facets: Object.fromEntries(body.fields.map((one) => [one, { values: [], distinct: 0 }])) }) };
  await facetsOf(api, (route) => route, { names: ["a", "b"], lists: new Set() }, { a: { values: [1] } });
  assert.deepEqual(asked.map(({ fields, filter }) => [fields, filter]), [[["b"], { a: 1 }], [["a"], undefined]]);
});

test("documents go in groups, a refused line does not stop the others, and a stop tells what is stored", async () => {
  const files = [{ file: new File(["text\n" + "line\n".repeat(70)], "t.csv", { lastModified: 0 }), name: "t.csv" }];
  const sent = [];
  const api = {
    post: async (path, body) => {
      const lines = body.trim().split("\n").length;
      sent.push([path, lines]);
      return sent.length === 1 ? { indexed: lines - 1, errors: [{ line: 2, status: 422, detail: "too long" }] } : { indexed: lines };
    },
  };
  const told = [];
  const { signal } = new AbortController();
  const sum = await upload({ api, path: (route) => route, files, signal, told: ({ share }) => told.push(share) });
  assert.deepEqual(sent, [["index/batch", 32], ["index/batch", 32], ["index/batch", 6]]);
  assert.equal(sum.documents, 69);
  assert.deepEqual(sum.refused, [{ name: "t.csv#2", reason: "too long" }]);
  assert.deepEqual(told, [...told].sort());
  assert.equal(Math.round(told.at(-1) * 1000), 1000);
  const controller = new AbortController();
  const stopping = { post: async () => (controller.abort(), { indexed: 32 }) };
  const stopped = upload({ api: { post: async (...all) => { controller.signal.throwIfAborted(); return stopping.post(...all); } }, path: (route) => route, files, signal: controller.signal, told: () => {} });
  await assert.rejects(stopped, (error) => error.name === "AbortError" && error.stored === 32);
});
