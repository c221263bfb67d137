// A text's tokens as pieces of the text. Pure functions.

/** Return where each byte of a text in UTF-8 stands in the string, with the end as the last one. */
export function placesOfBytes(text) {
  const places = [];
  let index = 0;
  for (const character of text) {
    const code = character.codePointAt(0);
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (let byte = 0; byte < size; byte += 1) places.push(index);
    index += character.length;
  }
  places.push(index);
  return places;
}

/**
 * Return the pieces of a text: for each token what it covers, and before it what no token covers.
 *
 * `tokens` have `id`, `text`, `special`, and `start` and `stop` in bytes; null where the tokenizer added the token.
 * Of more than `maxTokens` the model reads the first ones and the special token at the end: the others are `cut`.
 * A piece that continues the word before it has `continues`.
 */
export function pieces(text, tokens, maxTokens) {
  const places = placesOfBytes(text);
  const closing = tokens.length && tokens.at(-1).special && tokens.at(-1).start === null ? 1 : 0;
  const kept = tokens.length > maxTokens ? maxTokens - closing : tokens.length;
  let end = 0;
  return tokens.map((token, index) => {
    const cut = index >= kept && index < tokens.length - closing;
    const common = { id: token.id, token: token.text, special: token.special, cut };
    if (token.start === null)
      return { ...common, gap: "", text: token.text, continues: false, start: null, stop: null };
    const [start, stop] = [places[token.start] ?? text.length, places[token.stop] ?? text.length];
    const gap = text.slice(end, start);
    const continues = !gap && inWord(text, start);
    end = stop;
    return { ...common, gap, text: text.slice(start, stop), continues, start: token.start, stop: token.stop };
  });
}

/** Whether a place is within a word: letters or digits stand on both sides. */
function inWord(text, place) {
  return /[\p{L}\p{N}]$/u.test(text.slice(0, place)) && /^[\p{L}\p{N}]/u.test(text.slice(place));
}

/** Say in words how many tokens a text has, and what the model reads of them. */
export function countInWords(count, maxTokens) {
  const all = `${count.toLocaleString("en")} token${count === 1 ? "" : "s"}`;
  if (count <= maxTokens) return `${all} of at most ${maxTokens}`;
  return `${all}: the model reads ${maxTokens}, ${(count - maxTokens).toLocaleString("en")} are cut off`;
}
