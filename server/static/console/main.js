// Starts the console: the frame around the views, which view is shown, and the keys that work everywhere.

import { createApi } from "./api.js";
import { el, fill } from "./elements.js";
import { wordsOf } from "./errors.js";
import { showHelp } from "./help.js";
import { icon } from "./icons.js";
import { keyDialog } from "./keys.js";
import { createState, shownTheme } from "./state.js";

const VIEWS = ["search", "playground", "map", "live"];
const ICONS = { search: "search", playground: "flask", map: "map", live: "live" };
const AGAIN_MS = 3000;
const OTHER_VERSION = {
  title: "This view could not be shown",
  detail: "The server may have been replaced by another version since this page was loaded. Reload the page.",
};

const state = createState();
const keys = keyDialog(state);
const context = { api: createApi(state, keys.refused), state, announce };
const main = document.getElementById("main");
let shown = "";
let end = () => {};

/** Say something to those who do not see the page. */
function announce(text) {
  const place = document.getElementById("announcements");
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}

function wanted() {
  const name = location.hash.slice(1).split("?")[0];
  return VIEWS.includes(name) ? name : shown || VIEWS[0];
}

async function show() {
  const name = wanted();
  if (name === shown) return;
  shown = name;
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  end();
  end = () => {};
  markCurrent(name);
  fill(main);
  try {
    const view = await import(`./${name}/view.js`);
    if (shown !== name) return;
    document.title = `${view.title} · vecd`;
    const root = fill(main, el("div", { class: `view ${name}` })).firstChild;
    end = view.mount(root, context) ?? end;
    announce(view.title);
  } catch (error) {
    if (shown === name) showFailure(name, error);
  }
}

/** A view that could not be shown: the server has gone, or serves the files of another version than this page's. */
function showFailure(name, error) {
  console.error(error);
  shown = "";
  const isAway = error instanceof TypeError && !state.get("online");
  const { title, detail } = isAway ? wordsOf({ name: "OfflineError" }) : OTHER_VERSION;
  document.title = "vecd";
  const reload = el("button", { class: "button primary", type: "button", onclick: () => location.reload() }, "Reload the page");
  const content = [icon("warning", 24), el("h1", {}, title), el("p", {}, detail), reload];
  fill(main, el("div", { class: "empty", role: "alert", data: { view: name } }, content));
}

function markCurrent(name) {
  for (const link of document.querySelectorAll("nav.views a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function addTools() {
  for (const link of document.querySelectorAll("nav.views a")) {
    link.prepend(icon(ICONS[link.hash.slice(1)]));
    // The address does not change where this view was wanted before, and could not be shown.
    link.addEventListener("click", () => link.hash === location.hash && show());
  }
  const key = el("button", { class: "icon-button", type: "button", onclick: keys.change }, icon("key"));
  const theme = el("button", { class: "icon-button", type: "button", onclick: changeTheme });
  const help = el("button", { class: "icon-button help", type: "button", onclick: () => showHelp(state) }, icon("help"));
  label(help, "Keyboard help");
  const update = () => {
    const isDark = shownTheme(state) === "dark";
    fill(theme, icon(isDark ? "sun" : "moon"));
    label(theme, isDark ? "Switch to the light theme" : "Switch to the dark theme");
    label(key, state.get("key") ? "Change the key" : "Give a key");
    key.classList.toggle("on", Boolean(state.get("key")));
  };
  update();
  state.on("theme", update);
  state.on("key", update);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update);
  document.getElementById("tools").append(key, theme, help);
}

function label(button, text) {
  button.setAttribute("aria-label", text);
  button.title = text;
}

function changeTheme() {
  state.set("theme", shownTheme(state) === "dark" ? "light" : "dark");
}

function showConnection(online) {
  const banner = document.getElementById("banner");
  if (online) {
    fill(banner);
    if (!shown) show();
    return;
  }
  const { title, detail } = wordsOf({ name: "OfflineError" });
  fill(banner, el("p", { class: "offline" }, icon("warning"), el("strong", {}, title), el("span", {}, detail)));
  setTimeout(tryAgain, AGAIN_MS);
}

async function tryAgain() {
  try {
    await context.api.get("health/live");
  } catch {
    if (!state.get("online")) setTimeout(tryAgain, AGAIN_MS);
  }
}

function onKey(event) {
  const isTyping = event.target.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select");
  if (!state.get("shortcuts") || event.ctrlKey || event.metaKey || event.altKey || isTyping || document.querySelector("dialog[open]")) return;
  const view = VIEWS[Number(event.key) - 1];
  if (view) location.hash = view;
  else if (event.key === "?") showHelp(state);
  else if (event.key === "t") changeTheme();
  else return;
  event.preventDefault();
}

addTools();
state.on("online", showConnection);
document.addEventListener("keydown", onKey);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", show);
show();
