// Cine: the next frame only after the one before was painted, so nothing is skipped.

import type { Viewport } from "./viewport";

const DEFAULT_FRAME_MS = 100;
const SHORTEST_FRAME_MS = 8;

export class Cine {
  readonly #viewport: Viewport;
  readonly #changed: () => void;
  #frame: number | undefined;
  #due = 0;

  constructor(viewport: Viewport, changed: () => void) {
    this.#viewport = viewport;
    this.#changed = changed;
  }

  get playing(): boolean {
    return this.#frame !== undefined;
  }

  toggle(): void {
    if (this.playing) this.stop();
    else this.start();
  }

  start(): void {
    if (this.playing || (this.#viewport.wanted?.count ?? 0) < 2) return;
    this.#due = performance.now();
    this.#frame = requestAnimationFrame(this.#tick);
    this.#changed();
  }

  stop(): void {
    if (this.#frame === undefined) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#changed();
  }

  readonly #tick = (now: number): void => {
    const { wanted, series, state, seq, trouble } = this.#viewport;
    if (wanted === null || !state.live || trouble !== "") return this.stop();
    this.#frame = requestAnimationFrame(this.#tick);
    // One step may wait for the display frame in which it is painted; the next one is then already due.
    if (now < this.#due || (state.shown?.seq ?? 0) < seq - 1) return;
    const step = Math.max(SHORTEST_FRAME_MS, series?.frame_time_ms ?? DEFAULT_FRAME_MS);
    this.#due = Math.max(this.#due + step, now - step);
    this.#viewport.activity.touch();
    this.#viewport.walk.next();
  };
}
