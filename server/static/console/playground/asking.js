// What the playground asks of the server.

import { parseTiming } from "./timing.js";

/** Embed one text: its vector, how many tokens were read, whether it was cut or cached, and where the time went. */
export async function embed(api, text, useCache, signal) {
  const begun = performance.now();
  const { body, headers } = await api.post("embed", { texts: [text], cache: useCache }, { signal, whole: true });
  return {
    vector: body.embeddings[0],
    dimensions: body.dimensions,
    cached: body.cached_count > 0,
    tokens: body.tokens[0],
    truncated: body.truncated[0],
    timing: parseTiming(headers.get("server-timing")),
    roundTripMs: performance.now() - begun,
  };
}

/** Return a text's tokens, special ones included, all of them: also those that the model does not read. */
export async function tokenize(api, text, signal) {
  const [tokens] = await api.post("tei/tokenize", { inputs: [text] }, { signal });
  return tokens;
}

/** Return how many tokens the model reads of a text. */
export async function readMaxTokens(api) {
  const info = await api.get("tei/info");
  return info.max_input_length;
}

/** Return the cosine of each text with each other. */
export async function compare(api, texts, signal) {
  const { similarity } = await api.post("similarity", { a: texts }, { signal });
  return similarity;
}
