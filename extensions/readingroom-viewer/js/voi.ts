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

function rounded(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toFixed(6));
}
