// What the views share: the key, the collection, the question, the theme, whether the server answers. Others are told of changes.
//
// A key lies in memory, and in sessionStorage where the person wished it; it ends with the tab. The collection lies in
// sessionStorage too, the theme and whether single keys do something in localStorage. An origin may have a server at each of
// several paths: what is in sessionStorage is of one of them, and no other is sent its key.

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

/** Return what names in sessionStorage begin with, for the server whose page has this address. */
export function prefixOf(address) {
  return `${PREFIX}${new URL(".", address).pathname}.`;
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
const sessionStorage_ = () => [window.sessionStorage, prefixOf(document.baseURI)];
const localStorage_ = () => [window.localStorage, PREFIX];

function stored(storage, name) {
  try {
    const [place, prefix] = storage();
    return place.getItem(prefix + name);
  } catch {
    return null;
  }
}

function store(storage, name, value) {
  try {
    const [place, prefix] = storage();
    if (value) place.setItem(prefix + name, value);
    else place.removeItem(prefix + name);
  } catch {
    // It lives in memory then.
  }
}
