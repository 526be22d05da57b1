// Letters at the edges and the scale bar; directions are cosines in patient coordinates LPS, lengths millimetres.

import { type Turn, UPRIGHT, matrixOf } from "./turn";

export interface EdgeLetters {
  top: string;
  right: string;
  bottom: string;
  left: string;
}

const AXES = [
  ["L", "R"],
  ["P", "A"],
  ["H", "F"],
] as const;

/** A second letter is written from about 12° of obliquity (PS3.3 C.7.6.1.1.1 orders letters by their share). */
const SECONDARY = 0.2;

/** Return the letters of a direction, the largest share first: (0.9, 0, 0.43) is "LH". */
export function directionLetters(direction: readonly number[]): string {
  return direction
    .map((share, axis) => ({ share, letter: AXES[axis]?.[share >= 0 ? 0 : 1] ?? "" }))
    .filter(({ share }) => Math.abs(share) > SECONDARY)
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .slice(0, 2)
    .map(({ letter }) => letter)
    .join("");
}

/** Return the letters at the four edges from Image Orientation (Patient) of a turned picture, null when it is unknown. */
export function edgeLetters(orientation: readonly number[] | null, turn: Turn = UPRIGHT): EdgeLetters | null {
  if (orientation === null || orientation.length !== 6) return null;
  const [a, b, c, d] = matrixOf(turn);
  const along = (x: number, y: number) => [0, 1, 2].map((i) => x * (orientation[i] ?? 0) + y * (orientation[i + 3] ?? 0));
  const row = along(a, c);
  const column = along(b, d);
  const opposite = (direction: number[]) => direction.map((share) => -share);
  return {
    right: directionLetters(row),
    left: directionLetters(opposite(row)),
    bottom: directionLetters(column),
    top: directionLetters(opposite(column)),
  };
}

export interface ScaleBar {
  /** CSS pixels. */
  length: number;
  label: string;
}

/** Return the longest bar of 1, 2 or 5 × 10ⁿ mm that fits into `room` CSS pixels. */
export function scaleBar(mmPerPixel: number, room: number): ScaleBar | null {
  const most = mmPerPixel * room;
  if (!(most > 0) || !Number.isFinite(most)) return null;
  const decade = 10 ** Math.floor(Math.log10(most));
  const mm = decade * ([5, 2, 1].find((step) => step * decade <= most) ?? 1);
  return { length: mm / mmPerPixel, label: lengthText(mm) };
}

export function lengthText(mm: number): string {
  return mm >= 20 ? `${Number((mm / 10).toPrecision(6))} cm` : `${Number(mm.toPrecision(6))} mm`;
}

/** A point in the patient: "L 12.3 · P 4.5 · F 100.0 mm". */
export function placeText(place: readonly number[]): string {
  return `${place.map((at, axis) => `${AXES[axis]?.[at >= 0 ? 0 : 1] ?? ""} ${Math.abs(at).toFixed(1)}`).join(" · ")} mm`;
}

/** Plane and slice position in words: "Axial 12.5 mm F", empty when unknown. */
export function planeText(orientation: readonly number[] | null, position: readonly number[] | null): string {
  if (orientation === null || orientation.length !== 6) return "";
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  const normal = [b * f - c * e, c * d - a * f, a * e - b * d];
  const shares = normal.map(Math.abs);
  const axis = shares.indexOf(Math.max(...shares));
  const oblique = (shares[axis] ?? 0) < 0.98 ? " oblique" : "";
  const plane = `${["Sagittal", "Coronal", "Axial"][axis] ?? ""}${oblique}`;
  const at = position?.[axis];
  if (at === undefined) return plane;
  return `${plane} ${AXES[axis]?.[at >= 0 ? 0 : 1] ?? ""} ${Math.abs(at).toFixed(1)} mm`;
}
