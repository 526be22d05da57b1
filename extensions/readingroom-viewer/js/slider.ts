// The slice slider at the right edge, with the coverage bar: unseen hollow, seen solid, now bright.

import { type Coverage, coverageOf, runsText } from "./coverage";
import { h } from "./dom";
import type { Viewport } from "./viewport";
import type { Wanted } from "./wanted";

export class Slider {
  readonly element = h("div", {
    class: "rr-slider",
    "data-testid": "slider",
    role: "slider",
    tabindex: 0,
    "aria-label": "Slice",
    "aria-orientation": "vertical",
    hidden: true,
  });
  readonly #bar = h("canvas", { class: "rr-coverage", "data-testid": "coverage" });
  readonly #thumb = h("div", { class: "rr-thumb" });
  #drawn = "";

  constructor(viewport: Viewport) {
    this.element.append(this.#bar, this.#thumb);
    const go = (event: PointerEvent) => {
      if (viewport.wanted === null) return;
      const box = this.element.getBoundingClientRect();
      const share = (event.clientY - box.top) / Math.max(1, box.height);
      viewport.want({ position: Math.floor(Math.min(0.999999, Math.max(0, share)) * viewport.wanted.count) });
    };
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.element.setPointerCapture(event.pointerId);
      viewport.activity.touch(true);
      go(event);
      event.preventDefault();
      viewport.element.focus({ preventScroll: true });
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) go(event);
    });
    const release = () => viewport.activity.release();
    this.element.addEventListener("pointerup", release);
    this.element.addEventListener("pointercancel", release);
  }

  update(viewport: Viewport): void {
    const { wanted, header } = viewport;
    this.element.hidden = wanted === null || wanted.count < 2;
    if (wanted === null || wanted.count < 2) return;
    this.element.setAttribute("aria-valuemin", "1");
    this.element.setAttribute("aria-valuemax", String(wanted.count));
    this.element.setAttribute("aria-valuenow", String(wanted.position + 1));
    this.#thumb.style.top = `${((wanted.position + 0.5) / wanted.count) * 100}%`;
    this.#paint(wanted, header?.position ?? -1);
  }

  #paint(wanted: Wanted, now: number): void {
    const coverage = coverageOf(wanted);
    const height = Math.max(1, Math.round(this.element.clientHeight * (window.devicePixelRatio || 1)));
    const key = `${wanted.seriesUid} ${wanted.reformat?.plane} ${coverage.version} ${now} ${height}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#bar.dataset.seen = runsText(coverage.seen);
    this.#bar.dataset.before = runsText(coverage.before);
    drawBar(this.#bar, coverage, now, height);
  }
}

/** Columns of the bar: unseen is a hollow frame, seen is solid, what an earlier read saw is the right half of it, now is bright. */
const WIDE = 6;
const COLOURS = { now: "#d7dee6", seen: "#8a97a5", before: "#4f6375", frame: "#27313b" };

function drawBar(bar: HTMLCanvasElement, { seen, before }: Coverage, now: number, height: number): void {
  bar.width = WIDE;
  bar.height = height;
  const context = bar.getContext("2d");
  if (context === null) return;
  context.fillStyle = COLOURS.frame;
  context.fillRect(0, 0, 1, height);
  context.fillRect(WIDE - 1, 0, 1, height);
  for (let slice = 0; slice < seen.length; slice++) {
    const top = Math.floor((slice / seen.length) * height);
    const tall = Math.max(1, Math.floor(((slice + 1) / seen.length) * height) - top);
    const kind = slice === now ? "now" : seen[slice] === 1 ? "seen" : before[slice] === 1 ? "before" : null;
    if (kind === null) continue;
    context.fillStyle = COLOURS[kind];
    if (kind === "before") context.fillRect(WIDE / 2, top, WIDE / 2, tall);
    else context.fillRect(0, top, WIDE, tall);
  }
}
