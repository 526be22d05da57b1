// The VOI window (PS3.3 C.11.2.1) as one value: how it moves under the hand and how it is written.

import type { Window } from "./messages";

/** A window's shortest decimal for people: whole numbers where the fraction says nothing. */
export function readable(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** "W 400 L 40", empty for colour. */
export function windowText(window: Window | null): string {
  return window === null ? "" : `W ${readable(window.width)} L ${readable(window.center)}`;
}

/** Return the window after a drag of (dx, dy) CSS pixels: right widens, down raises the centre. */
export function dragged(start: Window, dx: number, dy: number): Window {
  const perPixel = Math.max(start.width, 1) / 256;
  const step = start.width >= 20 ? 1 : 10 ** Math.floor(Math.log10(Math.max(start.width, 1) / 50));
  return bounded({
    ...start,
    width: rounded(start.width + dx * perPixel, step),
    center: rounded(start.center + dy * perPixel, step),
    explanation: "",
  });
}

/** LINEAR asks for a width of at least 1, the others for one above 0 (PS3.3 C.11.2.1.2, C.11.2.1.3). */
export function bounded(window: Window): Window {
  const least = window.function === "LINEAR" ? 1 : 1e-6;
  return window.width >= least ? window : { ...window, width: least };
}

export function scaled(window: Window, factor: number): Window {
  return bounded({ ...window, width: rounded(window.width * factor, window.width >= 20 ? 1 : 0.01), explanation: "" });
}

export function sameWindow(a: Window | null, b: Window | null): boolean {
  if (a === null || b === null) return a === b;
  return a.center === b.center && a.width === b.width && a.function === b.function;
}

/** A window that spans [low, high] of the modality values exactly, by the LINEAR formula. */
export function spanning([low, high]: readonly [number, number]): Window {
  return bounded({ center: (low + high + 1) / 2, width: high - low + 1, function: "LINEAR", explanation: "Full range" });
}

/** How stored values become the values a window is about (PS3.3 C.11.1.1.2). */
export interface Rescale {
  readonly slope: number;
  readonly intercept: number;
}

/**
 * The byte each stored value is shown as: twin of `readingroom.pixels.voi`, operation by operation in the same float64, so
 * that a preview is what the server will send. Golden vectors (tests/golden/voi.json) tie the two.
 */
export function displayed(stored: ArrayLike<number>, window: Window, { slope, intercept }: Rescale, inverted: boolean): Uint8ClampedArray {
  const shade = SHADES[window.function];
  const shown = new Uint8ClampedArray(stored.length);
  for (let i = 0; i < shown.length; i++) {
    const y = shade((stored[i] as number) * slope + intercept, window.center, window.width);
    shown[i] = Math.floor((inverted ? WHITE - y : y) + 0.5);
  }
  return shown;
}

const WHITE = 255;

/** PS3.3 C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1, from 0 to 255, not rounded. */
const SHADES: Readonly<Record<Window["function"], (x: number, center: number, width: number) => number>> = {
  LINEAR: (x, center, width) => {
    const half = (width - 1) / 2;
    if (x <= center - 0.5 - half) return 0;
    if (x > center - 0.5 + half || width === 1) return WHITE;
    return ((x - (center - 0.5)) / (width - 1) + 0.5) * WHITE;
  },
  LINEAR_EXACT: (x, center, width) => {
    if (x <= center - width / 2) return 0;
    return x > center + width / 2 ? WHITE : ((x - center) / width + 0.5) * WHITE;
  },
  SIGMOID: (x, center, width) => WHITE / (1 + Math.exp(Math.min(Math.max(-4 * ((x - center) / width), -700), 700))),
};

function rounded(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toFixed(6));
}
