// Before anything is painted: the theme that was chosen in this browser, if one was.
"use strict";

try {
  const chosen = localStorage.getItem("vecd.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Without storage the theme is the system's.
}
