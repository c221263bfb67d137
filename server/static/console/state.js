// What the views share: the key, the collection, the question, the theme, whether the server answers. Others are told of changes.
//
// A key lies in memory, and in sessionStorage where the person wished it; it ends with the tab. The collection lies in
// sessionStorage too, the theme and whether single keys do something in localStorage.

const PREFIX = "vecd.";
const DEFAULT_COLLECTION = "default";

export function createState() {
  const values = {
    key: stored(sessionStorage_, "key") ?? "",
    collection: stored(sessionStorage_, "collection") ?? DEFAULT_COLLECTION,
    theme: document.documentElement.dataset.theme ?? "",
    online: true,
    query: "",
    shortcuts: stored(localStorage_, "shortcuts") !== "off",
  };
  const listeners = new Map();

  return {
    get: (name) => values[name],

    /** Change a value and tell those who listen, unless it is the same. */
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      if (name === "collection") store(sessionStorage_, name, value);
      if (name === "theme") showTheme(value);
      if (name === "shortcuts") store(localStorage_, name, value ? "" : "off");
      for (const listener of [...(listeners.get(name) ?? [])]) listener(value);
    },

    /** Listen to a value; returns a function that ends it. */
    on(name, listener) {
      if (!listeners.has(name)) listeners.set(name, new Set());
      listeners.get(name).add(listener);
      return () => listeners.get(name).delete(listener);
    },

    /** Use a key from now on; `kept` is whether it outlives a reload of this tab. */
    useKey(key, kept) {
      this.set("key", key);
      store(sessionStorage_, "key", kept ? key : "");
    },
  };
}

/** Return "light" or "dark": what is shown now. */
export function shownTheme(state) {
  return state.get("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  store(localStorage_, "theme", theme);
}

// Reading the property itself may throw where a browser keeps nothing.
const sessionStorage_ = () => window.sessionStorage;
const localStorage_ = () => window.localStorage;

function stored(storage, name) {
  try {
    return storage().getItem(PREFIX + name);
  } catch {
    return null;
  }
}

function store(storage, name, value) {
  try {
    if (value) storage().setItem(PREFIX + name, value);
    else storage().removeItem(PREFIX + name);
  } catch {
    // It lives in memory then.
  }
}
