// The slice slider at the right edge, with the coverage bar: unseen hollow, seen solid, now bright.

import { h } from "./dom";
import type { Viewport } from "./viewport";

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
  readonly #bar = h("canvas", { class: "rr-coverage" });
  readonly #thumb = h("div", { class: "rr-thumb" });
  readonly #seen = new Map<string, Uint8Array>();
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
      viewport.touch(true);
      go(event);
      event.preventDefault();
      viewport.element.focus({ preventScroll: true });
    });
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) go(event);
    });
    const release = () => viewport.release();
    this.element.addEventListener("pointerup", release);
    this.element.addEventListener("pointercancel", release);
  }

  update(viewport: Viewport): void {
    const { wanted, header, state } = viewport;
    this.element.hidden = wanted === null || wanted.count < 2;
    if (wanted === null || wanted.count < 2) return;
    const what = `${wanted.seriesUid} ${wanted.reformat?.plane ?? ""}`;
    const seen = this.#coverage(what, wanted.count);
    if (header !== null && header.reformat?.plane === wanted.reformat?.plane && header.loaded === 1 && state.shown?.check === "equal" && header.position < seen.length) seen[header.position] = 1;
    this.element.setAttribute("aria-valuemin", "1");
    this.element.setAttribute("aria-valuemax", String(wanted.count));
    this.element.setAttribute("aria-valuenow", String(wanted.position + 1));
    this.#thumb.style.top = `${((wanted.position + 0.5) / wanted.count) * 100}%`;
    this.#paint(seen, header?.position ?? -1, what);
  }

  #coverage(uid: string, count: number): Uint8Array {
    const known = this.#seen.get(uid);
    if (known !== undefined && known.length === count) return known;
    const fresh = new Uint8Array(count);
    this.#seen.set(uid, fresh);
    return fresh;
  }

  #paint(seen: Uint8Array, now: number, uid: string): void {
    const height = Math.max(1, Math.round(this.element.clientHeight * (window.devicePixelRatio || 1)));
    const key = `${uid} ${height} ${now} ${seen.reduce((sum, one) => sum + one, 0)}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#bar.width = 4;
    this.#bar.height = height;
    const context = this.#bar.getContext("2d");
    if (context === null) return;
    for (let slice = 0; slice < seen.length; slice++) {
      const top = Math.floor((slice / seen.length) * height);
      const tall = Math.max(1, Math.floor(((slice + 1) / seen.length) * height) - top);
      context.fillStyle = slice === now ? "#d7dee6" : seen[slice] === 1 ? "#4f6375" : "#1a2129";
      context.fillRect(0, top, 4, tall);
    }
  }
}
