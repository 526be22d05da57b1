// From the pointer to the picture under it.

import type { Point } from "./messages";
import { type Placement, type Sized, onScreen } from "./paint";

/** Where in a placed picture the pointer is: (x, y) in image pixels from the outer corner of the first, also outside of it. */
export function pointedAt(header: Sized, place: Placement, canvas: HTMLCanvasElement, { clientX, clientY }: Pick<PointerEvent, "clientX" | "clientY">): Point {
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / Math.max(1, box.width);
  const map = onScreen(header, place, canvas.width, canvas.height);
  const [corner, across, down] = [map([0, 0]), map([1, 0]), map([0, 1])];
  const [a, b, c, d] = [across[0] - corner[0], across[1] - corner[1], down[0] - corner[0], down[1] - corner[1]];
  const [x, y] = [(clientX - box.left) * ratio - corner[0], (clientY - box.top) * ratio - corner[1]];
  return [(d * x - c * y) / (a * d - b * c), (a * y - b * x) / (a * d - b * c)];
}
