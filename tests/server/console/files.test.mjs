// What files become, and how they reach the server.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";

const HERE = new URL("../../../server/static/console/search/", import.meta.url);
const load = (name) => import(new URL(name, HERE));

const { bare } = await load("bare.js");
const { csvRows } = await load("csv.js");
const { filesOf } = await load("dropzone.js");
const { markdownOf } = await load("markdown.js");
const { documentsOf } = await load("read.js");
const { BadRow, rowDocuments } = await load("rows.js");
const { upload } = await load("upload.js");

const file = (content, name) => new File([content], name, { lastModified: 0 });
const read = (content, name) => documentsOf(file(content, name), name);
const path = (route) => route;

test("scripts, styles and comments are no text, whatever they hold", () => {
  assert.equal(bare("<script>for(var i=0;i<n;i++){f(i)}</script><p>Text</p>"), "<p>Text</p>");
  assert.equal(bare("<style>p > a {}</STYLE ><p>Text"), "<p>Text");
  assert.equal(bare("<!-- <p> -- > --><p>Text<!--><b>more</b>"), "<p>Text<b>more</b>");
  assert.equal(bare("<!doctype html>1 < 2 &lt; <3<? x ?></ x>!"), "1 < 2 &lt; <3!");
  assert.equal(bare("<title>The <p class=a> tag</title>"), "<title>The <p class=a> tag</title>");
  assert.equal(bare("<svg><style/><path d='M0'/></svg><p>Text"), "<svg><path></svg><p>Text");
  assert.equal(bare("seen<script>never ended"), "seen");
});

test("only the attribute itself hides an element", () => {
  assert.equal(bare('<p class="flex hidden md:block">a'), "<p>a");
  assert.equal(bare('<body style="overflow: hidden !important">a'), "<body>a");
  assert.equal(bare("<p title='hidden' data-hidden>a<p id=1 HIDDEN>b<p hidden=until-found>c"), "<p>a<p hidden>b<p hidden>c");
});

test("quotation marks within a value end nothing", () => {
  assert.equal(bare("<p title=it's>a</p><p title='x>y'>b</p>"), "<p>a</p><p>b</p>");
  assert.equal(bare('<p title="never closed>a</p>'), "<p>a</p>");
});

test("a page of tags that nobody closes has no text after them", () => {
  assert.equal(bare(`text${"<a ".repeat(30_000)}`), "text");
  assert.equal(bare("<a b='".repeat(30_001)), "");
});

test("an integer that a browser cannot hold is no id: two documents would be one", () => {
  const lines = '{"id": 1234567890123456789, "text": "a"}\n{"id": 1234567890123456790, "text": "b"}\n{"id": 12, "text": "c"}';
  const rows = lines.split("\n").map(JSON.parse);
  const { documents, refused } = rowDocuments(rows, "f", {});
  assert.deepEqual(documents.map(({ id }) => id), ["12"]);
  assert.deepEqual(refused.map(({ name }) => name), ["f#1", "f#2"]);
  assert.match(refused[0].reason, /more digits/);
  assert.deepEqual(csvRows("id,text,n\n1234567890123456789,a,1234567890123456789\n"), [{ id: "1234567890123456789", text: "a", n: "1234567890123456789" }]);
  assert.match(rowDocuments([{ id: 1.5, text: "a" }], "f", {}).refused[0].reason, /neither text nor an integer/);
});

test("a text between two rules is no front matter", () => {
  const note = "---\nDear diary, all of this is text.\n---\nAnd this.";
  assert.deepEqual(markdownOf(note), { text: note, metadata: {}, title: "" });
  const mixed = "---\ntitle: One\nand a sentence\n---\nText";
  assert.equal(markdownOf(mixed).text, mixed);
  assert.equal(markdownOf("---\n- one\n- two\n---\nText").text, "---\n- one\n- two\n---\nText");
});

test("front matter has comments, blank lines, lines that go on, and names in any script", () => {
  const { text, metadata } = markdownOf('---\n# made by hand\ngröße: 3\n"dc:none": 1\n\ntags:\n- a\n  - b\nabout: x\n  goes on\n---\nText');
  assert.equal(text.startsWith("---"), true); // a name with a colon in it is beyond what is read here
  assert.deepEqual(metadata, {});
  const plain = markdownOf("---\n# made by hand\ngröße: 3\n'the name': 1\n\ntags:\n- a\n  - b\nabout: x\n  goes on\n---\nText");
  assert.equal(plain.text, "Text");
  assert.deepEqual(plain.metadata, { größe: 3, "the name": 1, tags: ["a", "b"], about: "x" });
  assert.equal(markdownOf("---\n---\nText").text, "Text");
});

test("a comment in a block of code is no heading", () => {
  assert.equal(markdownOf("```sh\n# install\n```\n\n## Setup ##\n").title, "Setup");
  assert.equal(markdownOf("~~~~\n~~~\n# still code\n~~~~\n# Title").title, "Title");
  assert.equal(markdownOf("    # code\n#tag\n").title, "");
});

test("a number is one as import reads it", () => {
  assert.deepEqual(csvRows("text,a,b,c\nx,4.0,007,-0\ny,3.5,1,1\n"), [
    { text: "x", a: 4, b: "007", c: "-0" },
    { text: "y", a: 3.5, b: "1", c: "1" },
  ]);
  assert.deepEqual(csvRows("text,year\n1999,1\n"), [{ text: "1999", year: 1 }]);
});

test("a row of more cells than the header has is refused", async () => {
  const { documents, refused } = await read("text,n\na,1\nb,2,extra\nc\n", "t.csv");
  assert.deepEqual(documents.map(({ id, text }) => [id, text]), [["t.csv#1", "a"], ["t.csv#3", "c"]]);
  assert.deepEqual(refused, [{ name: "t.csv#2", reason: "has 3 cells, the header 2" }]);
  assert.equal(documents[0].metadata.n, 1);
});

test("a column is the id in any letters, and one in small letters before others", () => {
  assert.deepEqual(rowDocuments([{ ID: "a", Text: "x", n: 1 }], "f", {}).documents, [{ id: "a", text: "x", metadata: { n: 1 } }]);
  const both = rowDocuments([{ ID: "a", id: "b", TEXT: "no", text: "x" }], "f", {}).documents[0];
  assert.deepEqual(both, { id: "b", text: "x", metadata: { ID: "a", TEXT: "no" } });
});

test("what the server exported keeps its metadata and its end", () => {
  const row = { id: "a", text: "x", metadata: { n: 1 }, expires_at: "2030-01-01T00:00:00Z" };
  assert.deepEqual(rowDocuments([row], "f", { file: "f" }).documents, [
    { id: "a", text: "x", metadata: { n: 1, file: "f" }, expires_at: "2030-01-01T00:00:00Z" },
  ]);
  assert.match(rowDocuments([{ ...row, expires_at: 5 }], "f", {}).refused[0].reason, /expires_at/);
  const table = rowDocuments([{ id: "a", text: "x", expires_at: "soon", n: 1 }], "f", {}).documents[0];
  assert.deepEqual(table, { id: "a", text: "x", metadata: { expires_at: "soon", n: 1 } });
});

test("a bad row is told by its own reason", () => {
  const { refused } = rowDocuments([new BadRow("has a reason"), [], { text: "x" }], "f", {});
  assert.deepEqual(refused, [{ name: "f#1", reason: "has a reason" }, { name: "f#2", reason: "is no JSON object" }]);
});

test("lines of a text end by line feeds, whatever they ended by", async () => {
  assert.equal((await read("a\r\nb\rc\n", "a.txt")).documents[0].text, "a\nb\nc\n");
  const { text, metadata } = (await read("---\r\nyear: 3\r\n---\r\n# T\r\nx", "a.md")).documents[0];
  assert.deepEqual([text, metadata.year, metadata.title], ["# T\nx", 3, "T"]);
});

test("cells begin and end where they did, with empty ones and marks in the middle", () => {
  assert.deepEqual(csvRows('a,b,text\n"x""y",,q\n,"1"2,z "z"\r\n"m\nn",o,'), [
    { a: 'x"y', text: "q" },
    { b: "12", text: 'z "z"' },
    { a: "m\nn", b: "o" },
  ]);
});

test("a file that would hold the page up is refused before it is read", async () => {
  const large = { size: 33 * 1024 * 1024, lastModified: 0, arrayBuffer: () => assert.fail("is read") };
  const { documents, refused } = await documentsOf(large, "t.csv");
  assert.deepEqual(documents, []);
  assert.match(refused[0].reason, /larger than 32 MiB/);
});

test("what cannot be read of a drop is named, and the rest is taken", async () => {
  const entry = (name, found) => ({ isFile: true, fullPath: `/${name}`, file: (take, fail) => (found ? take(found) : fail(new Error("gone"))) });
  const folder = (name, ...rounds) => ({
    isFile: false,
    fullPath: `/${name}`,
    createReader: () => ({ readEntries: (take, fail) => (rounds.length ? take(rounds.shift()) : fail(new Error("locked"))) }),
  });
  const good = file("a", "a.md");
  const found = await filesOf([entry("x/lost.md"), folder("x/y", [entry("x/y/a.md", good)], []), folder("locked")]);
  assert.deepEqual(found, [{ file: null, name: "x/lost.md" }, { file: good, name: "x/y/a.md" }, { file: null, name: "locked" }]);
  const api = { post: async () => ({ indexed: 1 }) };
  const sum = await upload({ api, path, files: found, signal: new AbortController().signal, told: () => {} });
  assert.deepEqual(sum.refused.map(({ name }) => name), ["x/lost.md", "locked"]);
  assert.equal(sum.documents, 1);
});

test("documents that are too large together go one by one, and the one that is too large alone is refused", async () => {
  const sent = [];
  const api = {
    post: async (_, body) => {
      const lines = body.trim().split("\n");
      sent.push(lines.length);
      if (lines.length > 1 || body.includes("huge")) throw Object.assign(new Error("too large"), { status: 413 });
      return { indexed: 1 };
    },
  };
  const files = [{ file: file("text\na\nhuge\nc\n", "t.csv"), name: "t.csv" }];
  const told = [];
  const sum = await upload({ api, path, files, signal: new AbortController().signal, told: ({ share }) => told.push(share) });
  assert.deepEqual(sent, [3, 1, 1, 1]);
  assert.equal(sum.documents, 2);
  assert.deepEqual(sum.refused, [{ name: "t.csv#2", reason: "is too large for the server" }]);
  assert.equal(Math.round(told.at(-1) * 1000), 1000);
});

test("a stop ends the wait for a server that has too much to do", async () => {
  const controller = new AbortController();
  let asked = 0;
  const api = {
    post: async () => {
      asked += 1;
      queueMicrotask(() => setTimeout(() => controller.abort()));
      throw Object.assign(new Error("too much"), { status: 429, retryAfterS: 3600 });
    },
  };
  const files = [{ file: file("a", "a.txt"), name: "a.txt" }];
  await assert.rejects(upload({ api, path, files, signal: controller.signal, told: () => {} }), { name: "AbortError" });
  assert.equal(asked, 1);
});
