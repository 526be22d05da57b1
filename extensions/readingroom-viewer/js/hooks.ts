// The automation hooks: a public contract. All of them describe the frame that is painted, and change together.

import { h } from "./dom";
import type { FrameHeader } from "./messages";

/** The element of a viewport; `pixels` is the decoder's output of the frame shown. */
export interface ViewportElement extends HTMLElement {
  pixels: Uint8Array;
}

export const NO_PIXELS: Uint8Array = new Uint8Array(0);

export function viewportElement(): ViewportElement {
  const element = h("div", { class: "rr-viewport", "data-testid": "viewport", "data-fidelity": "stalled", tabindex: 0, role: "group", "aria-label": "Image" });
  return Object.assign(element, { pixels: NO_PIXELS });
}

/** Return the attributes for a painted frame, or the empty ones of a viewport without a picture. */
export function hooks(header: FrameHeader | null, computed: string): Record<string, string> {
  const window = header?.window ?? null;
  return {
    "data-study-uid": header?.study_uid ?? "",
    "data-series-uid": header?.series_uid ?? "",
    "data-sop-uid": header?.sop_uid ?? "",
    "data-frame": header === null ? "" : String(header.frame),
    "data-position": header === null ? "" : String(header.position),
    "data-window-center": window === null ? "" : String(window.center),
    "data-window-width": window === null ? "" : String(window.width),
    "data-window-function": window === null ? "" : window.function,
    "data-inverted": header === null ? "" : String(header.inverted),
    "data-presentation-uid": header?.presentation_uid ?? "",
    "data-plane": header?.reformat?.plane ?? "",
    "data-loaded": header === null ? "" : String(header.loaded),
    "data-source-lossy": header?.source_lossy ?? "",
    "data-display": header?.display ?? "review-only",
    "data-pixels-sha256": computed,
  };
}

export function writeHooks(element: ViewportElement, header: FrameHeader | null, computed: string, pixels: Uint8Array): void {
  for (const [name, value] of Object.entries(hooks(header, computed))) element.setAttribute(name, value);
  element.pixels = pixels;
}
