// Makes elements. Texts become text nodes, so that data can never become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element: `el("button", {class: "button", onclick: run, aria: {pressed: "true"}}, "Run")`.
 *
 * `on…` are listeners, `aria`, `data` and `style` are objects, what is a property of the element is set as one (`value`,
 * `disabled`, `hidden`), all else is an attribute. Children are nodes, texts, lists of them, and null for nothing.
 */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name, value);
  made.append(...children.flat(Infinity).filter(isThere));
  return made;
}

/** Put children in the place of all that an element has. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.flat(Infinity).filter(isThere));
  return parent;
}

/** Make a part of a picture: `svg("path", {d: "M0 0h9"})`. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") setStyle(made, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Set custom properties and styles by script, which the page's policy allows: `{"--at": "40%", width: "3px"}`. */
export function setStyle(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}

function isThere(child) {
  return child !== null && child !== undefined && child !== false;
}

function set(element, name, value) {
  if (value === null || value === undefined) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "aria") {
    for (const [key, one] of Object.entries(value)) element.setAttribute(`aria-${key}`, one);
  } else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "style") setStyle(element, value);
  else if (name === "class") element.className = value;
  else if (name in element && name !== "list" && name !== "form" && name !== "role") element[name] = value;
  else element.setAttribute(name, value);
}
