// Errors as a person understands them: what happened, and what to do about it.

const WORDS = {
  400: ["The server did not understand this", ""],
  401: ["A key is needed", "Give a key with the button at the top of the page."],
  403: ["This is not allowed", ""],
  404: ["It is not there any more", ""],
  409: ["This collection was built with another model", "Reindex it: python -m index reindex"],
  413: ["This is too large for the server", ""],
  422: ["The server cannot take this", ""],
  429: ["The server has too much to do", ""],
  500: ["The server made a mistake", "Its log says more."],
  503: ["The server is not ready", "It is starting or stopping; try again in a moment."],
  504: ["This took too long", "The server may have too much to do; try again."],
  507: ["The server has no room left", "Searching and deleting still work."],
};

/** Return `{title, detail}` for whatever was thrown. */
export function wordsOf(error) {
  if (error.name === "OfflineError") {
    return { title: "The server does not answer", detail: "Is it running? This page tries again by itself." };
  }
  if (error.name !== "ApiError") return { title: "This did not work", detail: error.message };
  const [title, advice] = WORDS[error.status] ?? [error.title || "This did not work", ""];
  const wait = error.retryAfterS ? `Try again in ${error.retryAfterS} s.` : "";
  return { title, detail: [sentence(error.detail), wait || advice].filter(Boolean).join(" ") };
}

/** Whether this is no error, but a request that was given up for a newer one. */
export function isAborted(error) {
  return error.name === "AbortError";
}

function sentence(text) {
  if (!text) return "";
  const begun = text[0].toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}
