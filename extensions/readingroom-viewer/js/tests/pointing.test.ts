import { expect, it } from "vitest";
import type { Point } from "../messages";
import { FITTED, onScreen } from "../paint";
import { pointedAt } from "../pointing";
import { UPRIGHT, flippedAcross, turned } from "../turn";

const IMAGE = { rows: 40, columns: 60, pixel_shape: [0.8, 0.5] as [number, number] };
const CANVAS = { width: 1200, height: 900, getBoundingClientRect: () => ({ left: 30, top: 20, width: 800, height: 600 }) } as unknown as HTMLCanvasElement;

it.each([UPRIGHT, turned(UPRIGHT, 1), flippedAcross(UPRIGHT), turned(flippedAcross(UPRIGHT), -1)])("the pointer finds the pixel that lies under it, turned %o", (turn) => {
  const place = { ...FITTED, zoom: 7.3, x: 11, y: -40, fit: false, turn };
  for (const point of [[0, 0], [60, 40], [12.5, 31.25], [-3, 44]] as Point[]) {
    const [x, y] = onScreen(IMAGE, place, CANVAS.width, CANVAS.height)(point);
    const found = pointedAt(IMAGE, place, CANVAS, { clientX: 30 + x / 1.5, clientY: 20 + y / 1.5 });
    found.forEach((n, axis) => expect(n).toBeCloseTo(point[axis] as number, 9));
  }
});
