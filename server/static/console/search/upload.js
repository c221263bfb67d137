// Sends documents in groups, one after the other, so that progress is seen and a person can stop.

import { documentsOf } from "./read.js";

const GROUP = 32; // documents
const GROUP_CHARACTERS = 200_000;
const NDJSON = "application/x-ndjson";
const TRIES = 5;

/**
 * Index files: `[{file, name}]`, of which one without a file could not be read. `told({share, documents})` hears how far it is, from 0 to 1. Resolves with `{documents,
 * refused}`: how many are stored, and what was not, with the reason. Rejects where the server ends it.
 */
export async function upload({ api, path, files, signal, told }) {
  const total = files.reduce((sum, { file }) => sum + (file?.size ?? 0) + 1, 0);
  const sum = { documents: 0, refused: [], weight: 0 };
  let group = [];
  let characters = 0;

  async function send() {
    const some = group;
    group = [];
    characters = 0;
    if (some.length) await store(some);
  }

  /** Store documents together; each by itself where they are too large together. */
  async function store(some) {
    const answer = await sendGroup(api, path, some.map(({ document }) => document), signal);
    if (!answer && some.length > 1) {
      for (const one of some) await store([one]);
      return;
    }
    const { indexed, errors = [] } = answer ?? { indexed: 0, errors: [{ line: 1, detail: "is too large for the server" }] };
    sum.documents += indexed;
    for (const { line, detail } of errors) sum.refused.push({ name: some[line - 1].document.id, reason: detail });
    sum.weight += some.reduce((all, { weight }) => all + weight, 0);
    told({ share: Math.min(1, sum.weight / total), documents: sum.documents });
  }

  try {
    for (const { file, name } of files) {
      signal.throwIfAborted();
      if (!file) {
        sum.refused.push({ name, reason: "cannot be read" });
        sum.weight += 1;
        continue;
      }
      const { documents, refused } = await documentsOf(file, name);
      sum.refused.push(...refused);
      if (!documents.length) sum.weight += file.size + 1;
      for (const document of documents) {
        group.push({ document, weight: (file.size + 1) / documents.length });
        characters += document.text.length;
        if (group.length >= GROUP || characters >= GROUP_CHARACTERS) await send();
      }
    }
    await send();
  } catch (error) {
    error.stored = sum.documents;
    throw error;
  }
  return sum;
}

/**
 * Send a group as lines, of which a wrong one does not stop the others; wait where the server says so. Resolves with null
 * where the lines are too large together.
 */
async function sendGroup(api, path, documents, signal) {
  const body = documents.map((one) => `${JSON.stringify(one)}\n`).join("");
  for (let tries = 1; ; tries += 1) {
    try {
      return await api.post(path("index/batch"), body, { signal, type: NDJSON });
    } catch (error) {
      if (error.status === 413) return null;
      if (error.status !== 429 || tries === TRIES) throw error;
      await wait(1000 * (error.retryAfterS ?? 1), signal);
    }
  }
}

/** Wait, unless the signal ends it. */
function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      resolve();
    }, milliseconds);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}
