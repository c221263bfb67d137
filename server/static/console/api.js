// All that speaks to the server: the public API, at addresses relative to the page.

const DEFAULT_COLLECTION = "default";
const JSON_TYPE = "application/json";

/** An answer that is an error: its status, and what the problem document says (RFC 9457). */
export class ApiError extends Error {
  constructor(status, problem, retryAfterS) {
    super(problem.detail || problem.title || `status ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.title = problem.title ?? "";
    this.detail = problem.detail ?? "";
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

/** The server cannot be reached, or a proxy before it says that it cannot reach it. */
export class OfflineError extends Error {
  constructor() {
    super("the server does not answer");
    this.name = "OfflineError";
  }
}

/** Return the path of a route of a collection; that of the default collection is the bare one. */
export function inCollection(collection, path) {
  return collection === DEFAULT_COLLECTION ? path : `collections/${encodeURIComponent(collection)}/${path}`;
}

/** Return the whole address of a path, for a person to copy. */
export function addressOf(path) {
  return new URL(path, document.baseURI.split("#")[0]).href;
}

/**
 * Return the functions that ask the server. Each takes `{signal, query, headers}` and resolves with what the answer
 * holds, or rejects with ApiError, OfflineError, or AbortError where the signal ended it.
 *
 * `askForKey(wrong)` resolves once there is another key, or with false where the person gave none, now or before.
 */
export function createApi(state, askForKey) {
  async function ask(method, path, body, options = {}) {
    for (;;) {
      const sent = state.get("key");
      const answer = await send(state, method, path, body, options);
      if (answer.status !== 401) return read(answer, options);
      const problem = await problemOf(answer);
      const hasOther = sent !== state.get("key") || (await askForKey(sent));
      options.signal?.throwIfAborted();
      if (!hasOther) throw new ApiError(401, problem);
    }
  }

  return {
    get: (path, options) => ask("GET", path, undefined, options),
    post: (path, body, options) => ask("POST", path, body, options),
    put: (path, body, options) => ask("PUT", path, body, options),
    patch: (path, body, options) => ask("PATCH", path, body, options),
    delete: (path, options) => ask("DELETE", path, undefined, options),
  };
}

async function send(state, method, path, body, { signal, query, headers = {}, type = JSON_TYPE }) {
  const address = query ? `${path}?${new URLSearchParams(query)}` : path;
  // A key that no header can hold throws here, and is not taken for a server that is away.
  const sent = new Headers({ accept: "application/json, application/problem+json, text/plain", ...headers });
  if (body !== undefined) sent.set("content-type", type);
  if (state.get("key")) sent.set("authorization", `Bearer ${state.get("key")}`);
  const content = body === undefined || type !== JSON_TYPE ? body : JSON.stringify(body);
  const answer = await reach(address, { method, headers: sent, body: content, signal, cache: "no-store" });
  state.set("online", answer !== null);
  if (answer === null) throw new OfflineError();
  return answer;
}

/** Return the server's answer, null where there is none: nothing listens, or a proxy says that nobody answers it. */
async function reach(address, request) {
  try {
    const answer = await fetch(address, request);
    return isOfProxy(answer) ? null : answer;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

/** Whether a proxy answers in the place of the server, which answers 504 in JSON and never 502. */
function isOfProxy(answer) {
  return answer.status === 502 || (answer.status === 504 && !isJson(answer));
}

function isJson(answer) {
  return (answer.headers.get("content-type") ?? "").includes("json");
}

async function read(answer, { whole = false }) {
  if (!answer.ok) {
    const retryAfterS = Number(answer.headers.get("retry-after")) || undefined;
    throw new ApiError(answer.status, await problemOf(answer), retryAfterS);
  }
  const body = isJson(answer) ? await answer.json() : await answer.text();
  return whole ? { body, headers: answer.headers } : body;
}

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return { title: answer.statusText };
  }
}
