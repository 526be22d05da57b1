// Text over the image: who, what, where, how, and what may be believed about it.

import { h, setText } from "./dom";
import { badge, fidelity, interpretationWarning } from "./fidelity";
import { edgeLetters, planeText, scaleBar } from "./geometry";
import type { FrameHeader, Study } from "./messages";
import { interpolation, pixelShape } from "./paint";
import type { Viewport } from "./viewport";
import { slabText } from "./reformat";
import { turnText } from "./turn";
import { windowText } from "./voi";

const REVIEW_ONLY = "This display has no valid calibration: review only, not for diagnosis. Measure it under the monitor in the banner.";

const SPACING_NOTE: Record<string, string> = {
  detector: " at detector",
  magnified: " magnification corrected",
  calibrated: " calibrated",
  unstated: " nominal",
};

export class Overlay {
  readonly element = h("div", { class: "rr-overlay" });
  readonly #identity = this.#corner("tl");
  readonly #series = this.#corner("tr");
  readonly #geometry = this.#corner("bl-geometry");
  readonly #numbers = this.#corner("br");
  readonly #edges = { top: this.#edge("top"), right: this.#edge("right"), bottom: this.#edge("bottom"), left: this.#edge("left") };
  readonly #bar = h("span", { class: "rr-scale-line" });
  readonly #barLabel = h("span", {});
  readonly #scale = h("div", { class: "rr-scale", role: "img", "aria-label": "Scale bar" }, this.#bar, this.#barLabel);
  readonly #plane = h("div", { "data-testid": "place" });
  readonly #badge = h("span", { class: "rr-badge", "data-testid": "badge", role: "status" });
  readonly #lossy = h("span", { class: "rr-badge rr-badge-lossy", "data-testid": "badge-lossy", hidden: true });
  readonly #purpose = h("span", { class: "rr-badge rr-badge-purpose", "data-testid": "badge-purpose", role: "alert", hidden: true });
  readonly #review = h("span", { class: "rr-badge rr-badge-review", "data-testid": "badge-review", title: REVIEW_ONLY }, "◇ REVIEW ONLY");
  readonly #alert = h("div", { class: "rr-alert", role: "alert", "data-testid": "trouble", hidden: true });
  readonly #stalled = h("div", { class: "rr-stalled", role: "alert", "data-testid": "stalled", hidden: true });
  readonly #warnings = h("div", { class: "rr-warnings", role: "note", "data-testid": "warnings", hidden: true });
  readonly #loading = h("div", { class: "rr-loading", role: "status", hidden: true }, "Fetching the image…");

  constructor() {
    this.#geometry.append(this.#plane, this.#scale);
    const badges = h("div", { class: "rr-badges" }, this.#badge, this.#purpose, this.#lossy, this.#review);
    const bottomLeft = h("div", { class: "rr-corner rr-bl" }, this.#warnings, this.#geometry, badges);
    this.element.append(bottomLeft, this.#loading, this.#alert, this.#stalled);
  }

  update(viewport: Viewport, study: Study | null): void {
    viewport.element.classList.toggle("rr-troubled", viewport.trouble !== "");
    const { header, series } = viewport;
    lines(this.#identity, study === null ? [] : [study.patient_name, identityLine(study), study.patient_id && `ID ${study.patient_id}`]);
    const number = series?.number ?? null;
    lines(this.#series, [
      series === null ? "" : [series.modality, series.description || series.body_part].filter(Boolean).join(" · "),
      number === null ? "" : `Series ${number}`,
      [study?.date, study?.description].filter(Boolean).join(" · "),
    ]);
    lines(this.#numbers, [
      header === null ? "" : voiText(header),
      originText(header?.window_origin ?? ""),
      header?.inverted ? "Inverted" : "",
      turnText(viewport.place.turn),
      header === null ? "" : `${header.position + 1} / ${header.count}`,
      header === null ? "" : `${zoomText(viewport.place.zoom)}× ${interpolation(header, viewport.place)}`,
    ]);
    const loading = header !== null && header.loaded < 1 ? [`Loading slices: ${Math.floor(header.loaded * 100)} %`] : [];
    lines(this.#warnings, [...loading, ...(header?.notes ?? []).map((words) => `▲ ${words}`)]);
    this.#warnings.hidden = this.#warnings.textContent === "";
    // Where a small viewport has no room for all of them.
    this.#warnings.title = this.#warnings.textContent ?? "";
    this.#updateGeometry(viewport);
    this.updateBadges(viewport);
    this.#updateNotes(viewport);
  }

  #updateGeometry({ header, place, canvas, element }: Viewport): void {
    const letters = edgeLetters(header?.orientation ?? null, place.turn);
    for (const side of ["top", "right", "bottom", "left"] as const) setText(this.#edges[side], letters?.[side] ?? "");
    const reformat = header?.reformat == null ? "" : `Reformatted${slabText(header.reformat)} · `;
    setText(this.#plane, header === null ? "" : reformat + planeText(header.orientation, header.slice_position));
    const spacing = header?.spacing ?? null;
    const ratio = canvas.width / Math.max(1, element.clientWidth);
    const across = spacing === null ? null : (spacing[1] / (pixelShape(spacing)[0] * place.zoom)) * ratio;
    const bar = across === null ? null : scaleBar(across, Math.min(160, element.clientWidth / 4));
    this.#scale.hidden = bar === null;
    if (bar === null) return;
    this.#bar.style.width = `${bar.length.toFixed(1)}px`;
    setText(this.#barLabel, bar.label + (SPACING_NOTE[header?.spacing_kind ?? ""] ?? ""));
  }

  updateBadges({ state, header, series }: Viewport): void {
    const { glyph, words, why } = badge(state);
    setText(this.#badge, `${glyph} ${words}`);
    this.#badge.title = why;
    this.#badge.dataset.fidelity = fidelity(state);
    this.#review.hidden = header?.display === "calibrated";
    const lossy = header?.source_lossy ?? "";
    const purpose = interpretationWarning(series?.modality ?? "", state, lossy);
    this.#purpose.hidden = purpose === "";
    setText(this.#purpose, purpose === "" ? "" : `▲ ${purpose.toUpperCase()}`);
    this.#lossy.hidden = lossy === "";
    setText(this.#lossy, lossy === "?" ? "◆ LOSSY SOURCE" : `◆ LOSSY SOURCE ${lossy}:1`);
    this.#lossy.title = "The image was compressed with loss before it came here.";
  }

  #updateNotes({ state, header, trouble, wanted, ended }: Viewport): void {
    this.#stalled.hidden = state.live;
    setText(this.#stalled, state.live ? "" : stalledWords(header !== null, ended));
    this.#alert.hidden = trouble === "";
    setText(this.#alert, trouble);
    this.#loading.hidden = header !== null || wanted === null || trouble !== "" || !state.live;
  }

  #corner(place: string): HTMLElement {
    const corner = h("div", { class: place === "bl-geometry" ? "rr-geometry" : `rr-corner rr-${place}` });
    this.element.append(corner);
    return corner;
  }

  #edge(side: string): HTMLElement {
    const edge = h("div", { class: `rr-edge rr-edge-${side}`, "data-testid": `edge-${side}` });
    this.element.append(edge);
    return edge;
  }
}

/** What to say while nothing arrives: `ended` is the server's own word when it let the reader out. */
export function stalledWords(image: boolean, ended: string): string {
  const next = ended === "" ? "Reconnecting…" : "Reload the page to log in again.";
  return [ended || "Connection lost.", image ? "This image is no longer live." : "", next].filter(Boolean).join(" ");
}

export function identityLine(study: Study): string {
  return [study.birth_date, study.sex].filter(Boolean).join(" · ");
}

/** What grey means here: "W 400 L 40", a named VOI LUT, nothing for colour. */
export function voiText({ window, choice, choices }: Pick<FrameHeader, "window" | "choice" | "choices">): string {
  if (window === null && choice !== null) return `VOI LUT ${choices[choice]?.explanation ?? ""}`.trim();
  return windowText(window) + (window !== null && window.function !== "LINEAR" ? ` ${window.function}` : "");
}

/** What a window stands on where the image names none: a reader must not take it for the maker's choice. */
export function originText(origin: FrameHeader["window_origin"]): string {
  return { "": "", image: "", reader: "", bits: "", frame: "no window in image: its range", series: "no window in series: range of its middle" }[origin];
}

/** "1.8", "0.53", "12": two figures that matter. */
export function zoomText(zoom: number): string {
  return zoom >= 10 ? zoom.toFixed(0) : zoom >= 1 ? zoom.toFixed(1) : zoom.toFixed(2);
}

function lines(element: HTMLElement, texts: string[]): void {
  setText(element, texts.filter(Boolean).join("\n"));
}
