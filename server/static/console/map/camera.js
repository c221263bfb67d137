// Which part of the map is seen: a scale in pixels per unit, and the point in the middle. Pure functions.

const MARGIN = 28;

/** Return the camera that shows these bounds whole. */
export function fit({ left, right, bottom, top }, { width, height }) {
  const [wide, high] = [Math.max(right - left, 1e-6), Math.max(top - bottom, 1e-6)];
  const [roomX, roomY] = [Math.max(width - 2 * MARGIN, 10), Math.max(height - 2 * MARGIN, 10)];
  const scale = Math.min(roomX / wide, roomY / high);
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale, least: scale / 4, most: scale * 400 };
}

/** Return where a point of the map stands on the screen; y grows upwards on the map, downwards on the screen. */
export function toScreen(camera, size, x, y) {
  return [size.width / 2 + (x - camera.x) * camera.scale, size.height / 2 - (y - camera.y) * camera.scale];
}

export function toMap(camera, size, left, top) {
  return [camera.x + (left - size.width / 2) / camera.scale, camera.y - (top - size.height / 2) / camera.scale];
}

export function pan(camera, right, down) {
  return { ...camera, x: camera.x - right / camera.scale, y: camera.y + down / camera.scale };
}

/** Return a camera that shows `factor` times larger; the point under [left, top] stays where it is. */
export function zoom(camera, size, factor, left = size.width / 2, top = size.height / 2) {
  const scale = Math.min(camera.most, Math.max(camera.least, camera.scale * factor));
  const [x, y] = toMap(camera, size, left, top);
  const away = camera.scale / scale;
  return { ...camera, scale, x: x + (camera.x - x) * away, y: y + (camera.y - y) * away };
}

/** Return a camera with a point in the middle, with the scale as it is or at least `scale`. */
export function centre(camera, x, y, scale = camera.scale) {
  return { ...camera, x, y, scale: Math.min(camera.most, Math.max(camera.scale, scale)) };
}
