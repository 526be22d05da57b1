// Series of the open study as thumbnails.

import { h, setAttribute, setText } from "./dom";
import { type FrameMessage, decodePixels } from "./frames";
import { icon } from "./icons";
import type { Series } from "./messages";
import { paintThumbnail } from "./paint";

interface Entry {
  series: Series;
  element: HTMLElement;
  picture: HTMLCanvasElement;
}

export class Rail {
  readonly element = h("nav", { class: "rr-rail", "aria-label": "Series" });
  /** The series that is being dragged to a viewport, null for none. */
  dragged: Series | null = null;
  readonly #chosen: (series: Series) => void;
  #entries: Entry[] = [];

  constructor(chosen: (series: Series) => void) {
    this.#chosen = chosen;
  }

  show(all: Series[]): void {
    this.#entries = all.map((series) => this.#entry(series));
    this.element.replaceChildren(...this.#entries.map(({ element }) => element));
  }

  clear(): void {
    this.show([]);
  }

  /** Mark the series of the active viewport, and less strongly those that other viewports show. */
  mark(active: string, shown: readonly string[]): void {
    for (const { series, element } of this.#entries) {
      const now = series.uid === active;
      setAttribute(element, "data-shown", shown.includes(series.uid));
      if (now === (element.getAttribute("aria-current") === "true")) continue;
      element.setAttribute("aria-current", String(now));
      if (now) element.scrollIntoView({ block: "nearest" });
    }
  }

  receive(message: FrameMessage): void {
    const entry = this.#entries.find(({ series }) => series.uid === message.header.series_uid);
    if (entry === undefined) return;
    paintThumbnail(entry.picture, message.header, decodePixels(message));
    entry.element.classList.add("rr-has-picture");
  }

  #entry(series: Series): Entry {
    const picture = h("canvas", { width: 240, height: 180, "aria-hidden": "true" });
    const name = series.description || series.body_part || "No description";
    const shows = series.frame_count > 0;
    const count = shows ? `${series.frame_count} ${series.frame_count === 1 ? "image" : "images"}` : "no picture";
    const label = `${series.modality} ${name}, ${count}`;
    const element = h(
      "button",
      {
        class: "rr-series",
        type: "button",
        "data-testid": "series",
        "data-series-uid": series.uid,
        "aria-label": label,
        "aria-current": "false",
        title: label,
        disabled: !shows,
        draggable: String(shows),
      },
      h("span", { class: "rr-series-picture" }, icon("image"), picture),
      h("span", { class: "rr-series-name" }, name),
      h("span", { class: "rr-series-facts" }),
    );
    const facts = element.lastElementChild as HTMLElement;
    setText(facts, [series.modality, series.number === null ? "" : `#${series.number}`, shows ? String(series.frame_count) : "no picture"].filter(Boolean).join(" · "));
    element.addEventListener("click", () => this.#chosen(series));
    element.addEventListener("dragstart", (event) => {
      this.dragged = series;
      // What is dragged stays in this page: another window is given nothing that identifies anybody.
      event.dataTransfer?.setData("text/plain", "series");
      if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = "copy";
    });
    element.addEventListener("dragend", () => {
      this.dragged = null;
    });
    return { series, element, picture };
  }
}
