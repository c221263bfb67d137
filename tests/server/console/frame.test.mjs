// What the frame around the views does without a page: asking the server, keys, what is kept.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";

import { ApiError, createApi, OfflineError } from "../../../server/static/console/api.js";
import { keyDialog } from "../../../server/static/console/keys.js";
import { prefixOf } from "../../../server/static/console/state.js";

const PROBLEM = "application/problem+json";

function stateOf(values) {
  return { get: (name) => values[name], set: (name, value) => (values[name] = value) };
}

/** Give `use(address)` a server that answers `/STATUS` so, in JSON where the address ends with json. */
async function answering(use) {
  const server = createServer((request, answer) => {
    const [, status, kind] = request.url.split("/");
    answer.writeHead(Number(status), { "content-type": kind === "json" ? PROBLEM : "text/html" });
    answer.end(kind === "json" ? JSON.stringify({ title: "late", lacking: ["graph"] }) : "<h1>nginx</h1>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await use(`http://127.0.0.1:${server.address().port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** A dialog in which a person does in turn what these say: a key to give, or null to close it. */
function dialogOf(state, answers, asked) {
  return async (_, wrong) => {
    asked.push(wrong);
    const key = answers.shift();
    if (key) state.set("key", key);
    return Boolean(key);
  };
}

test("a proxy that reaches no server is a server that is away, and the server's own errors are not", () =>
  answering(async (address) => {
    const state = stateOf({ online: true, key: "" });
    const api = createApi(state, () => assert.fail("no key is asked for"));
    for (const path of ["502/html", "502/json", "504/html"]) {
      await assert.rejects(api.get(`${address}/${path}`), OfflineError);
      assert.equal(state.get("online"), false, path);
    }
    for (const path of ["504/json", "503/html", "500/html"]) {
      await assert.rejects(api.get(`${address}/${path}`), ApiError);
      assert.equal(state.get("online"), true, path);
    }
    const late = await api.get(`${address}/503/json`).catch((error) => error);
    assert.deepEqual(late.problem.lacking, ["graph"]);
  }));

test("nobody at an address is a server that is away", async () => {
  const state = stateOf({ online: true, key: "" });
  let gone = "";
  await answering(async (address) => (gone = address));
  await assert.rejects(createApi(state, () => false).get(gone), OfflineError);
  assert.equal(state.get("online"), false);
});

test("a key that no header can hold is not taken for a server that is away", () =>
  answering(async (address) => {
    const state = stateOf({ online: true, key: "ключ" });
    await assert.rejects(createApi(state, () => false).get(`${address}/200/html`), TypeError);
    assert.equal(state.get("online"), true);
  }));

test("who gives no key is not asked again until there is another, or they wish it", async () => {
  const state = stateOf({ key: "" });
  const asked = [];
  const keys = keyDialog(state, dialogOf(state, [null, "wrong", null, null, "wrong", "right"], asked));
  assert.equal(await keys.refused(""), false);
  assert.equal(await keys.refused(""), false);
  assert.deepEqual(asked, [""]);
  assert.equal(await keys.change(), true);
  assert.equal(await keys.refused("wrong"), false);
  assert.equal(await keys.refused("wrong"), false);
  assert.deepEqual(asked, ["", "", "wrong"]);
  assert.equal(await keys.change(), false);
  assert.equal(await keys.refused("wrong"), false, "a dialog that was closed changes nothing");
  assert.equal(await keys.change(), true);
  assert.equal(await keys.refused("wrong"), true, "the same key, given again, is told to be wrong again");
  assert.deepEqual(asked, ["", "", "wrong", "", "", "wrong"]);
});

test("requests that wait for a key share one dialog", async () => {
  const state = stateOf({ key: "" });
  const asked = [];
  const keys = keyDialog(state, dialogOf(state, ["right"], asked));
  assert.deepEqual(await Promise.all([keys.refused(""), keys.change(), keys.refused("")]), [true, true, true]);
  assert.deepEqual(asked, [""]);
});

test("what is kept for a tab is of the server at this path alone", () => {
  const places = ["http://h/", "http://h/#map", "http://h/one/", "http://h/one/?a#live", "http://h/two/"];
  const [root, same, one, again, two] = places.map(prefixOf);
  assert.equal(root, same);
  assert.equal(one, again);
  assert.equal(new Set([root, one, two]).size, 3);
});
