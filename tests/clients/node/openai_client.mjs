// openai's client for JavaScript. Jobs come in and outcomes go out as in scripts/outcomes.py.

import { text } from "node:stream/consumers";

import OpenAI from "openai";

const model = "all-MiniLM-L6-v2";

function offer({ url, key }, texts) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });

  async function embed(input, options = {}) {
    const { data } = await client.embeddings.create({ model, input, ...options });
    return data.map((item) => item.embedding);
  }

  return {
    one: () => embed(texts[0]),
    all: () => embed(texts),
    "ten at once": () => Promise.all(Array.from({ length: 10 }, () => embed(texts))),
    "as floats": () => embed(texts, { encoding_format: "float" }),
    "cut to 128": () => embed(texts, { dimensions: 128 }),
    "an unknown model": () => embed(texts, { model: "text-embedding-3-small" }),
    "385 dimensions": () => embed(texts, { dimensions: 385 }),
    "token ids": () => embed([9906, 1917]),
    models: async () => (await client.models.list()).data,
    model: () => client.models.retrieve(model),
  };
}

async function attempt(call, make) {
  try {
    return { call, value: await make() };
  } catch (error) {
    const { message, status = null, code = null, param = null, type = null, requestID = null } = error;
    const told = { message, status, code, param, type, request_id: requestID };
    return { call, raised: { kind: error.constructor.name, ...told } };
  }
}

const { jobs, texts } = JSON.parse(await text(process.stdin));
const outcomes = [];
for (const job of jobs) {
  const calls = offer(job, texts);
  const names = job.calls.length ? job.calls : Object.keys(calls);
  const done = [];
  for (const name of names) done.push(await attempt(name, calls[name]));
  outcomes.push(done);
}
process.stdout.write(JSON.stringify(outcomes));
