// What pointers, wheel and keys do on the map, as calls: pan, zoom, point at, choose.

const PAN_PX = 60;
const WHEEL_RATE = 0.0016;
const LINE_PX = 16;
const CLICK_PX = 5;
const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Call `on.pan(right, down)`, `on.zoom(factor, left, top)`, `on.point(left, top)`, `on.away()`, `on.choose(left, top)`. */
export function followPointers(canvas, on) {
  const pointers = new Map();
  let moved = 0;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    if (!pointers.size) moved = 0;
    pointers.set(event.pointerId, placeOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    const before = pointers.get(event.pointerId);
    if (!before) return on.point(...place);
    moved += Math.hypot(place[0] - before[0], place[1] - before[1]);
    if (pointers.size === 2) pinch(pointers, event.pointerId, place, on);
    else on.pan(place[0] - before[0], place[1] - before[1]);
    pointers.set(event.pointerId, place);
  });
  const release = (event) => {
    const wasDown = pointers.delete(event.pointerId);
    if (wasDown && event.type === "pointerup" && !pointers.size && moved < CLICK_PX) on.choose(...placeOf(event));
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => on.away());
  const wheel = (event) => {
    event.preventDefault();
    const pixels = event.deltaMode ? event.deltaY * LINE_PX : event.deltaY;
    on.zoom(Math.exp(-pixels * WHEEL_RATE * (event.ctrlKey ? 4 : 1)), ...placeOf(event));
  };
  canvas.addEventListener("wheel", wheel, { passive: false });
}

/** Two fingers: their distance enlarges, their middle moves. */
function pinch(pointers, moving, place, on) {
  const [other] = [...pointers].filter(([id]) => id !== moving).map(([, where]) => where);
  const before = pointers.get(moving);
  const [middle, last] = [between(place, other), between(before, other)];
  const apart = Math.hypot(before[0] - other[0], before[1] - other[1]);
  if (apart > 1) on.zoom(Math.hypot(place[0] - other[0], place[1] - other[1]) / apart, ...middle);
  on.pan(middle[0] - last[0], middle[1] - last[1]);
}

function between([x, y], [left, top]) {
  return [(x + left) / 2, (y + top) / 2];
}

/** Call `on.pan`, `on.zoom(factor)`, `on.whole()` and `on.chooseMiddle()` for keys on the map. */
export function followKeys(canvas, on) {
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = KEYS[event.key];
    if (step) on.pan(step[0] * PAN_PX, step[1] * PAN_PX);
    else if (event.key === "+" || event.key === "=") on.zoom(1.4);
    else if (event.key === "-" || event.key === "_") on.zoom(1 / 1.4);
    else if (event.key === "0" || event.key === "Home") on.whole();
    else if (event.key === "Enter") on.chooseMiddle();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
