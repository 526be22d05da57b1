// A window drag drawn in the browser ahead of the server, from the 8-bit picture shown last. It is only ever a preview:
// what the old window had clipped is gone, and 256 levels are stretched.

import type { FrameHeader, Window } from "./messages";
import { displayed } from "./voi";
import { type Wanted, sameWanted } from "./wanted";

/** On a shorter round trip the truth comes soon enough. */
export const PREVIEW_FROM_MS = 30;

/** The new window may leave what the old one still told apart by this share of itself; beyond it a preview would mislead. */
const MOST_OUTSIDE = 0.25;

/** Neighbouring levels of the old picture may lie so far apart in the new one; beyond it bands would look like findings. */
const MOST_STEP = 32;

/** Whether only the window differs between what a picture was asked with and what is wanted now. */
export function onlyWindowDiffers(asked: Wanted, wanted: Wanted): boolean {
  return sameWanted({ ...asked, window: null, choice: null }, { ...wanted, window: null, choice: null });
}

/** Return the table that draws the wanted window from the picture shown, asked for as `asked`, or null where only the server can. */
export function previewFrom(shown: FrameHeader | null, asked: Wanted | null, wanted: Wanted | null, roundTrip: number): Uint8ClampedArray | null {
  if (roundTrip < PREVIEW_FROM_MS || shown === null || asked === null || wanted === null || !onlyWindowDiffers(asked, wanted)) return null;
  return previewTable(shown, wanted.window);
}

/**
 * Return the byte that each byte of the shown picture becomes under the wanted window, or null where a preview would
 * mislead: colour, a VOI LUT on either side, a presentation state, and a calibrated display, whose curve only the server has.
 */
export function previewTable(shown: Pick<FrameHeader, "window" | "samples" | "presentation" | "inverted" | "value_range" | "gray">, wanted: Window | null): Uint8ClampedArray | null {
  const { window, value_range } = shown;
  if (window === null || wanted === null || shown.samples !== 1 || shown.presentation !== null || shown.gray === "") return null;
  if (window.function === "LINEAR" && window.width <= 1) return null;
  const [low, high] = ends(window);
  // Where the old window reaches beyond the image's own values, nothing was clipped.
  const known = [value_range !== null && low <= value_range[0] ? -Infinity : low, value_range !== null && high >= value_range[1] ? Infinity : high] as const;
  const [from, to] = ends(wanted);
  const outside = Math.max(0, known[0] - from) + Math.max(0, to - known[1]);
  if (outside > MOST_OUTSIDE * Math.max(1e-6, to - from)) return null;
  const downwards = shown.inverted !== (shown.gray === "down");
  const values = Float64Array.from({ length: 256 }, (_, byte) => valueOf(downwards ? 255 - byte : byte, window));
  const table = displayed(values, wanted, { slope: 1, intercept: 0 }, downwards);
  return table.some((byte, at) => at > 0 && Math.abs(byte - (table[at - 1] as number)) > MOST_STEP) ? null : table;
}

/** The modality values from which on all is black and all is white (PS3.3 C.11.2.1.2.1, C.11.2.1.3.2, C.11.2.1.3.1). */
function ends(window: Window): [number, number] {
  return [valueOf(window.function === "SIGMOID" ? 0.5 : 0, window), valueOf(window.function === "SIGMOID" ? 254.5 : 255, window)];
}

/** The modality value that a window shows as `level`; a sigmoid reaches neither end, so the half level next to it stands in. */
function valueOf(level: number, { center, width, function: kind }: Window): number {
  if (kind === "LINEAR") return center - 0.5 + (level / 255 - 0.5) * (width - 1);
  if (kind === "LINEAR_EXACT") return center + (level / 255 - 0.5) * width;
  return center - (width / 4) * Math.log(255 / Math.min(254.5, Math.max(0.5, level)) - 1);
}
