// The beginning of a document's text beside its point, while the pointer is there. The panel has it whole.

import { el } from "../elements.js";
import { shortened } from "./texts.js";

const CHARACTERS = 110;
const DISTANCE_PX = 14;

/** Return {node, show(left, top, size, text), hide()}; it stays within the map. */
export function pointTip() {
  const node = el("div", { class: "map-tip", hidden: true, aria: { hidden: "true" } });
  return {
    node,
    show(left, top, size, text) {
      node.textContent = shortened(text, CHARACTERS);
      node.hidden = false;
      const { offsetWidth: width, offsetHeight: height } = node;
      const x = left + DISTANCE_PX + width < size.width ? left + DISTANCE_PX : left - DISTANCE_PX - width;
      const y = Math.min(Math.max(4, top - height / 2), size.height - height - 4);
      node.style.transform = `translate(${Math.round(Math.max(4, x))}px, ${Math.round(y)}px)`;
    },
    hide() {
      node.hidden = true;
    },
  };
}
