// Pictures of 16 by 16, drawn with the colour of the text around them.

import { svg } from "./elements.js";

const PATHS = {
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.4 10.4 14 14",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3.05 3.05l1 1M11.95 11.95l1 1M3.05 12.95l1-1M11.95 4.05l1-1",
  moon: "M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z",
  key: "M5.5 7.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M7.7 8.3 13.5 2.5M11 5l2 2M9.3 6.7 10.5 7.9",
  help: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M6.2 6.3a1.9 1.9 0 1 1 2.7 1.7c-.6.3-.9.7-.9 1.4M8 11.6v.1",
  plus: "M8 3v10M3 8h10",
  close: "M4 4l8 8M12 4l-8 8",
  upload: "M8 10.5v-8M4.8 5.4 8 2.2l3.2 3.2M2.5 10.5v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2",
  copy: "M6 5.5h6.5a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1M3.5 10.5h-.5a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1h6.5a1 1 0 0 1 1 1v.5",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  trash: "M2.8 4.3h10.4M6 4.3V2.8h4v1.5M4.2 4.3l.6 9.2h6.4l.6-9.2M6.6 7v4M9.4 7v4",
  filter: "M2 3.5h12M4.5 8h7M6.8 12.5h2.4",
  back: "M9.8 3.5 5.3 8l4.5 4.5",
  down: "M3.5 6 8 10.5 12.5 6",
  check: "M3 8.5l3.2 3.2L13 4.8",
  file: "M4 1.8h5l3.2 3.2v9.2H4ZM8.8 2v3.2H12",
  alike: "M5.3 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10.7 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7",
  warning: "M8 2.2 14.3 13.3H1.7ZM8 6.3v3.2M8 11.4v.1",
  flask: "M6.2 2v4L2.8 12a1.3 1.3 0 0 0 1.2 2h8a1.3 1.3 0 0 0 1.2-2L9.8 6V2M5.2 2h5.6M4.8 9.5h6.4",
  map: "M4 5.5a1.5 1.5 0 1 0 0 .1M11.5 3.5a1.5 1.5 0 1 0 0 .1M9.5 9.5a1.5 1.5 0 1 0 0 .1M4.5 12.5a1.5 1.5 0 1 0 0 .1M13.5 12.5a1 1 0 1 0 0 .1",
  live: "M1.8 9h2.7l1.9-5.5 3.2 9L11.5 8h2.7",
};

/** Return the picture with this name; it says nothing to a screen reader. */
export function icon(name, size = 16) {
  const picture = {
    class: "icon",
    viewBox: "0 0 16 16",
    width: size,
    height: size,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.4",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  };
  return svg("svg", picture, svg("path", { d: PATHS[name] }));
}
