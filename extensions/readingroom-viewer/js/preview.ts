// A window drag drawn in the browser ahead of the server, from the 8-bit picture shown last. It is only ever a preview:
// what the old window had clipped is gone, and 256 levels are stretched.

import type { FrameHeader, Window } from "./messages";
import { displayed } from "./voi";
import { type Wanted, sameWanted } from "./wanted";

/** On a shorter round trip the truth comes soon enough. */
export const PREVIEW_FROM_MS = 30;

/** The new window may leave what the old one still told apart by this share of itself; beyond it a preview would mislead. */
const MOST_OUTSIDE = 0.25;

/** Whether only the window differs between what a picture was asked with and what is wanted now. */
export function onlyWindowDiffers(asked: Wanted, wanted: Wanted): boolean {
  return sameWanted({ ...asked, window: null, choice: null }, { ...wanted, window: null, choice: null });
}

/** Return the byte that each byte of the shown picture becomes under the wanted window, or null where a preview would mislead. */
export function previewTable(shown: Pick<FrameHeader, "window" | "samples" | "presentation" | "inverted" | "value_range" | "gray">, wanted: Window | null): Uint8ClampedArray | null {
  const { window, value_range } = shown;
  if (window === null || wanted === null || shown.samples !== 1 || shown.presentation !== null || shown.gray === "") return null;
  if (window.function !== "LINEAR" || wanted.function !== "LINEAR" || window.width <= 1) return null;
  const [low, high] = ends(window);
  // Where the old window reaches beyond the image's own values, nothing was clipped.
  const known = [value_range !== null && low <= value_range[0] ? -Infinity : low, value_range !== null && high >= value_range[1] ? Infinity : high] as const;
  const [from, to] = ends(wanted);
  const outside = Math.max(0, known[0] - from) + Math.max(0, to - known[1]);
  if (outside > MOST_OUTSIDE * Math.max(1, to - from)) return null;
  const downwards = shown.inverted !== (shown.gray === "down");
  const slope = (window.width - 1) / 255;
  const levels = Float64Array.from({ length: 256 }, (_, byte) => (downwards ? 255 - byte : byte));
  return displayed(levels, wanted, { slope, intercept: low }, downwards);
}

/** The modality values shown as black and as white by LINEAR (PS3.3 C.11.2.1.2.1). */
function ends({ center, width }: Window): [number, number] {
  return [center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2];
}
