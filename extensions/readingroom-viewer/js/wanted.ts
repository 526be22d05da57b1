// The picture that the reader wants: a frozen value, changed by pure functions. Zoom and pan are not part of it.

import type { FrameHeader, Reformat, Series, ViewRequest, Window } from "./messages";
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
  /** null shows the images as they were acquired. */
  readonly reformat: Reformat | null;
  /** Any position will do: how many planes there are is known when the middle one has come. */
  readonly anywhere: boolean;
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
    reformat: null,
    anywhere: false,
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
  const rest = ["seriesUid", "position", "inverted", "choice", "presentationUid", "overlays", "anywhere"] as const;
  return rest.every((name) => a[name] === b[name]) && sameWindow(a.window, b.window) && sameReformat(a.reformat, b.reformat);
}

export function sameReformat(a: Reformat | null, b: Reformat | null): boolean {
  return a?.plane === b?.plane && a?.slab_mm === b?.slab_mm && a?.projection === b?.projection;
}

/** Look at the series in another plane, or at its images again; a slab of the same planes keeps its place. */
export function reformatted(wanted: Wanted, series: Series, reformat: Reformat | null): Wanted {
  if (reformat === null) return { ...wanted, reformat, anywhere: false, count: Math.max(1, series.frame_count), position: startPosition(series) };
  if (reformat.plane === wanted.reformat?.plane) return { ...wanted, reformat };
  return { ...wanted, reformat, anywhere: true, count: 1, position: 0, presentationUid: "", choice: null };
}

/** The same wish once the picture that answers it says which of how many it is. */
export function placed(wanted: Wanted, position: number, count: number): Wanted {
  return wanted.anywhere ? { ...wanted, anywhere: false, position, count } : { ...wanted, count };
}

/** Whether a frame shows what is wanted, by all that its header says of it; a number alone could be a mix-up. */
export function answers(header: FrameHeader, wanted: Wanted): boolean {
  return (
    header.series_uid === wanted.seriesUid &&
    (wanted.anywhere || header.position === wanted.position) &&
    // Colour has no window, whatever is wanted.
    (wanted.window === null || header.samples === 3 || sameWindow(header.window, wanted.window)) &&
    (wanted.choice === null || header.choice === wanted.choice) &&
    header.inverted === wanted.inverted &&
    header.overlays === wanted.overlays &&
    // A presentation state is not applied to an image that it does not refer to.
    (header.presentation_uid === wanted.presentationUid || header.presentation_uid === "") &&
    sameReformat(header.reformat, wanted.reformat)
  );
}

/** How a request travels: beside what is wanted, how much it matters and where the reader looks. */
export type Lane = Pick<ViewRequest, "moving" | "focus" | "pointed">;
export const AT_REST: Lane = { moving: false, focus: 0.5, pointed: true };

export function viewRequest(wanted: Wanted, viewport: string, seq: number, lane = AT_REST): ViewRequest {
  return {
    type: "view",
    viewport,
    seq,
    series_uid: wanted.seriesUid,
    position: wanted.anywhere ? null : wanted.position,
    window: wanted.window,
    inverted: wanted.inverted,
    choice: wanted.choice,
    presentation_uid: wanted.presentationUid,
    overlays: wanted.overlays,
    reformat: wanted.reformat,
    ...lane,
  };
}
