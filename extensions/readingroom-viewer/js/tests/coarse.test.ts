import { describe, expect, it } from "vitest";
import { coarseness, laidOut } from "../coarse";
import { FITTED, fitted, interpolation, onScreen } from "../paint";
import { answer } from "./transit";

const REQUEST = {
  type: "view", viewport: "main", seq: 1, series_uid: "1", position: 0, window: null, inverted: false, choice: null, presentation_uid: "", overlays: true,
  reformat: { plane: "coronal", slab_mm: 10, projection: "mip" }, moving: true, focus: 0.5, pointed: true,
} as const;

describe.each([[512, 428], [7, 9]] as const)("a coarse picture of %i × %i", (rows, columns) => {
  const whole = { ...answer(REQUEST).header, rows, columns, spacing: [0.5, 0.5], pixel_shape: [0.5, 0.5], orientation: [1, 0, 0, 0, 0, -1], slice_position: [10, 20, 30] } as const;
  const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  const spacing: [number, number] = [(0.5 * rows) / down, (0.5 * columns) / across];
  const first = [10 + (spacing[1] - 0.5) / 2, 20, 30 - (spacing[0] - 0.5) / 2];
  const coarse = { ...answer(REQUEST).header, rows: down, columns: across, full_size: [rows, columns] as [number, number], spacing, pixel_shape: spacing, orientation: [1, 0, 0, 0, 0, -1], slice_position: first };

  it("lies where the whole one lies: nothing jumps, neither image nor scale", () => {
    const shown = laidOut(coarse);
    for (const name of ["rows", "columns"] as const) expect(shown[name]).toBe(whole[name]);
    for (const name of ["spacing", "pixel_shape", "slice_position"] as const) shown[name]!.forEach((n, axis) => expect(n).toBeCloseTo(whole[name][axis] as number, 10));
    const sized = { rows, columns, pixel_shape: [0.5, 0.5] as [number, number] };
    for (const place of [fitted(sized, 900, 700), { ...FITTED, zoom: 1.7, x: 12, y: -5, fit: false }]) {
      for (const point of [[0, 0], [columns, rows]] as [number, number][]) {
        onScreen(shown, place, 900, 700)(point).forEach((n, axis) => expect(n).toBeCloseTo(onScreen(sized, place, 900, 700)(point)[axis] as number, 6));
      }
    }
  });
  it("says how many pixels are missing, and is never called a copy", () => {
    expect(coarseness(coarse)).toBeCloseTo((rows * columns) / (down * across), 10);
    expect(interpolation(laidOut(coarse), { zoom: 1 })).toBe("bilinear");
  });
});

it("a whole picture stays what it is", () => {
  const { header } = answer(REQUEST);
  expect(laidOut(header)).toBe(header);
  expect(coarseness(header)).toBe(1);
});
