// Looks at the page as it is laid out now and returns what is wrong with it, a sentence each: texts or controls that lie
// over each other, texts that are cut, boxes that scroll sideways. What a person cannot see is left out.
() => {
  const SLACK = 1.5;
  const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=slider], [role=tab]";
  const found = [];

  const open = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
  const elements = [...open.querySelectorAll("*")].filter(one => one.checkVisibility({ visibilityProperty: true,
    opacityProperty: true, contentVisibilityAuto: true }) && !one.closest("svg, [inert]"));
  const styles = new Map(elements.map(one => [one, getComputedStyle(one)]));
  const style = one => styles.get(one) ?? getComputedStyle(one);

  const told = one => {
    const name = one.id ? `#${one.id}` : one.className && typeof one.className === "string"
      ? `.${one.className.trim().split(/\s+/).join(".")}` : "";
    return `${one.tagName.toLowerCase()}${name}`;
  };
  const quoted = text => `"${text.trim().replace(/\s+/g, " ").slice(0, 50)}"`;
  const size = box => `${Math.round(box.left)},${Math.round(box.top)} to ${Math.round(box.right)},${Math.round(box.bottom)}`;
  const meet = (a, b) => ({ left: Math.max(a.left, b.left), top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right), bottom: Math.min(a.bottom, b.bottom) });
  const some = box => box.right - box.left > SLACK && box.bottom - box.top > SLACK;
  const within = (a, b) => a.left >= b.left - SLACK && a.right <= b.right + SLACK && a.top >= b.top - SLACK
    && a.bottom <= b.bottom + SLACK;

  // For readers of the screen alone: clipped away, or a dot.
  const unseen = one => {
    for (let up = one; up && up !== open; up = up.parentElement) {
      const { clip, clipPath, position, overflow } = style(up);
      const box = up.getBoundingClientRect();
      if (clipPath !== "none" || (clip !== "auto" && position === "absolute")) return true;
      if (overflow !== "visible" && (box.width <= 1 || box.height <= 1)) return true;
      // A link that leads past the menu waits above the page until it has the focus.
      if (box.bottom + scrollY <= 0 || box.right + scrollX <= 0) return true;
    }
    return false;
  };
  const shortened = one => {
    for (let up = one; up && up !== open; up = up.parentElement) {
      const own = style(up);
      if (own.overflow !== "visible" && (own.textOverflow === "ellipsis" || own.webkitLineClamp !== "none")) return up;
    }
    return null;
  };
  // What is fixed or sticks lies over the rest on purpose, so it is compared with its own alone.
  const layer = one => {
    for (let up = one; up && up !== open; up = up.parentElement)
      if (["fixed", "sticky"].includes(style(up).position) || up.matches("[popover]:popover-open, dialog")) return up;
    return open;
  };
  const rolls = value => value === "auto" || value === "scroll";
  // The part of a box that is to be seen, and what cuts it where that is no box one can scroll.
  const clipped = (one, box) => {
    let seen = box, cut = null;
    for (let up = one; up && up !== open && up !== document.documentElement; up = up.parentElement) {
      const own = style(up), port = up.getBoundingClientRect();
      if (own.overflowX === "visible" && own.overflowY === "visible") continue;
      const x = own.overflowX === "visible" ? {} : { left: port.left, right: port.right };
      const y = own.overflowY === "visible" ? {} : { top: port.top, bottom: port.bottom };
      const frame = { left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity, ...x, ...y };
      if (!within(seen, frame)) {
        const rolling = (rolls(own.overflowY) && (seen.top < frame.top || seen.bottom > frame.bottom))
          || (rolls(own.overflowX) && (seen.left < frame.left || seen.right > frame.right));
        if (!rolling) cut ??= up;
        seen = meet(seen, frame);
      }
      if (own.position === "fixed") break;
    }
    return { seen, cut };
  };

  const texts = [];
  for (const one of elements) {
    if (one.matches("option, script, style, noscript, title") || unseen(one)) continue;
    for (const node of one.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const whole of range.getClientRects()) {
        if (whole.width < 1) continue;
        // A line's box is higher than its letters, which are what may not meet.
        const rest = whole.height / 5;
        const box = { left: whole.left, right: whole.right, top: whole.top + rest, bottom: whole.bottom - rest };
        const { seen, cut } = clipped(one, box);
        const short = shortened(one);
        if (cut && !short) found.push(`cut by ${told(cut)}: ${quoted(node.data)} in ${told(one)}`);
        if (cut && short && short.closest("h1, h2, h3, button, label, th, legend") && !short.closest("[title]"))
          found.push(`shortened without saying the rest: ${quoted(node.data)} in ${told(short)}`);
        if (some(seen) && (seen.left < -SLACK || seen.right > innerWidth + SLACK))
          found.push(`beyond the side of the window: ${quoted(node.data)} in ${told(one)}, ${size(seen)}`);
        if (some(seen)) texts.push({ one, box: seen, name: quoted(node.data), node, layer: layer(one) });
      }
    }
  }
  const controls = elements.filter(one => one.matches(CONTROLS) && !unseen(one)).map(one => ({
    one, box: clipped(one, one.getBoundingClientRect()).seen, name: told(one), layer: layer(one) }))
    .filter(({ box }) => some(box));

  // Where one types, the text may have the room that the box does not give to what is typed.
  const taken = ({ one, box }) => {
    if (!one.matches("input, textarea")) return box;
    const own = style(one);
    return { ...box, left: box.left + parseFloat(own.paddingLeft), right: box.right - parseFloat(own.paddingRight) };
  };
  const inside = (a, b) => a.contains(b) || b.contains(a);
  texts.forEach((a, at) => {
    for (const b of texts.slice(at + 1))
      if (a.node !== b.node && a.layer === b.layer && some(meet(a.box, b.box)))
        found.push(`text over text: ${a.name} in ${told(a.one)} and ${b.name} in ${told(b.one)}, ${size(meet(a.box, b.box))}`);
    for (const b of controls)
      if (!inside(b.one, a.one) && ![...(b.one.labels ?? [])].some(label => label.contains(a.one) && label.contains(b.one))
        && a.layer === b.layer && some(meet(a.box, taken(b))))
        found.push(`text over a control: ${a.name} in ${told(a.one)} and ${b.name}, ${size(meet(a.box, b.box))}`);
  });
  controls.forEach((a, at) => {
    for (const b of controls.slice(at + 1)) {
      if (inside(a.one, b.one) || a.layer !== b.layer || !some(meet(a.box, b.box))) continue;
      // A button may lie in the box that one types into.
      const typed = [a, b].some(one => one.one.matches("input, textarea")) && (within(a.box, b.box) || within(b.box, a.box));
      if (!typed) found.push(`control over control: ${a.name} and ${b.name}, ${size(meet(a.box, b.box))}`);
    }
  });

  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth) found.push(`the page scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
  for (const one of elements)
    if (rolls(style(one).overflowX) && one.scrollWidth > one.clientWidth + 1 && one.clientWidth && !one.matches("pre, pre *"))
      found.push(`scrolls sideways: ${told(one)}, ${one.scrollWidth} > ${one.clientWidth}`);
  const pen = document.createElement("canvas").getContext("2d");
  for (const { one } of controls) {
    const text = one.matches("select") ? one.selectedOptions[0]?.label : one.matches("input, textarea") ? one.placeholder : "";
    if (!text || one.value && !one.matches("select")) continue;
    const own = style(one);
    pen.font = own.font;
    const room = one.clientWidth - parseFloat(own.paddingLeft) - parseFloat(own.paddingRight);
    if (!one.matches("textarea") && pen.measureText(text).width > room + SLACK) found.push(`cut: ${quoted(text)} in ${told(one)}`);
  }
  return [...new Set(found)];
}
