// What the search asks of the server, and what a person's keys do in its box.

import assert from "node:assert/strict";
import { test } from "node:test";

const { keyAct } = await import("../../../server/static/console/search/box.js");
const { filterOf } = await import("../../../server/static/console/search/filter.js");
const { knowledge } = await import("../../../server/static/console/search/learning.js");
const { makeCollection } = await import("../../../server/static/console/picker.js");

const path = (route) => route;

/** A server of which each list of documents waits until it is let go, in the order in which they were asked. */
function holdingServer() {
  const held = [];
  const get = (_, { signal }) =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      held.push((...metadata) => resolve({ documents: metadata.map((one) => ({ metadata: one })) }));
    });
  return { api: { get }, held, next: () => until(() => held.shift()) };
}

async function until(found) {
  for (;;) {
    const one = found();
    if (one) return one;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

test("until the fields are known anew, filters are made by those known before", async () => {
  const { api, next } = holdingServer();
  const told = [];
  const known = knowledge(api, path, { learned: (haveChanged) => told.push(haveChanged), failed: assert.fail });
  const asked = () => filterOf({ tags: { values: ["x"] } }, known.fields().lists);
  const finish = async (...metadata) => {
    const before = told.length;
    (await next())(...metadata);
    (await next())();
    await until(() => told.length > before);
  };
  known.learn();
  assert.deepEqual(asked(), { tags: "x" });
  await finish({ tags: ["x"], n: 1 }, { n: 2 });
  const either = { $or: [{ tags: { $in: ["x"] } }, { tags: { $contains: "x" } }] };
  assert.deepEqual(asked(), either);
  known.learn();
  const answer = await next();
  assert.deepEqual(asked(), either);
  answer({ tags: ["x"], n: 1 }, { n: 2 });
  (await next())();
  await until(() => told.length > 1);
  assert.deepEqual(told, [true, false]);
  known.learn();
  await finish({ tags: "x", n: 1 }, { n: 2 });
  assert.deepEqual(asked(), { tags: "x" });
  assert.deepEqual(told, [true, false, true]);
});

test("what is known of one collection is forgotten, also what is on its way", async () => {
  const { api, next } = holdingServer();
  const known = knowledge(api, path, { learned: assert.fail, failed: assert.fail });
  known.learn();
  const answer = await next();
  known.forget();
  answer({ tags: ["x"] });
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(known.fields(), { names: [], lists: new Set() });
});

test("a key that chooses a word of an input method neither searches nor empties the box", () => {
  assert.equal(keyAct({ key: "Enter", isComposing: true }, true), "");
  assert.equal(keyAct({ key: "Escape", isComposing: true }, true), "");
  assert.equal(keyAct({ key: "Enter", isComposing: false, keyCode: 229 }, true), "");
  assert.equal(keyAct({ key: "Enter", isComposing: false }, false), "enter");
  assert.equal(keyAct({ key: "Escape", isComposing: false }, true), "clear");
  assert.equal(keyAct({ key: "Escape", isComposing: false }, false), "");
  assert.equal(keyAct({ key: "ArrowDown", isComposing: false }, false), "down");
  assert.equal(keyAct({ key: "a", isComposing: false }, false), "");
});

test("a collection that is there is not made again, which would change its settings", async () => {
  const put = [];
  const api = { get: async () => ({ collections: [{ name: "notes" }] }), put: async (...all) => put.push(all) };
  await assert.rejects(makeCollection(api, "notes", "english"), /There is a collection notes already/);
  assert.deepEqual(put, []);
  await makeCollection(api, "recipes", null);
  assert.deepEqual(put, [["collections/recipes", { language: null }]]);
});
