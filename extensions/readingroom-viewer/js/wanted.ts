// The picture that the reader wants: a frozen value, changed by pure functions. Zoom and pan are not part of it.

import type { Series, ViewRequest, Window } from "./messages";
import { sameWindow } from "./voi";

export interface Wanted {
  readonly seriesUid: string;
  /** Frames in the series. */
  readonly count: number;
  /** From 0. */
  readonly position: number;
  /** null is the image's own window. */
  readonly window: Window | null;
  readonly inverted: boolean;
  /** The number of one of the image's own choices, from 0, in place of a window. */
  readonly choice: number | null;
  /** Empty for none. */
  readonly presentationUid: string;
  readonly overlays: boolean;
}

export type WantedChange = Partial<Pick<Wanted, "position" | "window" | "inverted" | "choice" | "presentationUid" | "overlays">>;

/** More frames than this, and no cine: a stack, opened in its middle. */
const STACK = 20;

export function startPosition(series: Pick<Series, "frame_count" | "frame_time_ms">): number {
  const isStack = series.frame_time_ms === null && series.frame_count > STACK;
  return isStack ? Math.floor(series.frame_count / 2) : 0;
}

export function opened(series: Series, change: WantedChange = {}): Wanted {
  const start: Wanted = {
    seriesUid: series.uid,
    count: Math.max(1, series.frame_count),
    position: startPosition(series),
    window: null,
    inverted: false,
    choice: null,
    presentationUid: "",
    overlays: true,
  };
  return changed(start, change);
}

export function changed(wanted: Wanted, change: WantedChange): Wanted {
  const position = change.position ?? wanted.position;
  // A window takes the place of a VOI LUT, and the other way round.
  const choice = change.choice ?? (change.window === undefined ? wanted.choice : null);
  const window = change.choice == null ? (change.window === undefined ? wanted.window : change.window) : null;
  return { ...wanted, ...change, choice, window, position: Math.min(wanted.count - 1, Math.max(0, Math.round(position))) };
}

/** Whether both ask for the same pixels. */
export function sameWanted(a: Wanted, b: Wanted): boolean {
  const rest = ["seriesUid", "position", "inverted", "choice", "presentationUid", "overlays"] as const;
  return rest.every((name) => a[name] === b[name]) && sameWindow(a.window, b.window);
}

export function viewRequest(wanted: Wanted, viewport: string, seq: number): ViewRequest {
  return {
    type: "view",
    viewport,
    seq,
    series_uid: wanted.seriesUid,
    position: wanted.position,
    window: wanted.window,
    inverted: wanted.inverted,
    choice: wanted.choice,
    presentation_uid: wanted.presentationUid,
    overlays: wanted.overlays,
  };
}
