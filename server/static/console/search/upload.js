// Sends documents in groups, one after the other, so that progress is seen and a person can stop.

import { documentsOf } from "./read.js";

const GROUP = 32; // documents
const GROUP_CHARACTERS = 200_000;
const NDJSON = "application/x-ndjson";
const TRIES = 5;

/**
 * Index files: `[{file, name}]`. `told({share, documents})` hears how far it is, from 0 to 1. Resolves with `{documents,
 * refused}`: how many are stored, and what was not, with the reason. Rejects where the server ends it.
 */
export async function upload({ api, path, files, signal, told }) {
  const total = files.reduce((sum, { file }) => sum + file.size + 1, 0);
  const sum = { documents: 0, refused: [], weight: 0 };
  let group = [];
  let characters = 0;

  async function send() {
    if (!group.length) return;
    const answer = await sendGroup(api, path, group.map(({ document }) => document), signal);
    sum.documents += answer.indexed;
    for (const { line, detail } of answer.errors ?? []) sum.refused.push({ name: group[line - 1].document.id, reason: detail });
    sum.weight += group.reduce((all, { weight }) => all + weight, 0);
    group = [];
    characters = 0;
    told({ share: Math.min(1, sum.weight / total), documents: sum.documents });
  }

  try {
    for (const { file, name } of files) {
      signal.throwIfAborted();
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

/** Send a group as lines, of which a wrong one does not stop the others; wait where the server says so. */
async function sendGroup(api, path, documents, signal) {
  const body = documents.map((one) => `${JSON.stringify(one)}\n`).join("");
  for (let tries = 1; ; tries += 1) {
    try {
      return await api.post(path("index/batch"), body, { signal, type: NDJSON });
    } catch (error) {
      if (error.status !== 429 || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfterS ?? 1)));
      signal.throwIfAborted();
    }
  }
}
