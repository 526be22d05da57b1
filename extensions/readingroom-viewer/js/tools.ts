// The hand: pointer and wheel on the canvas. Left is the chosen tool, right zooms, middle pans, the wheel scrolls.

import type { Window } from "./messages";
import { type Placement, zoomedAt } from "./paint";
import type { Viewport } from "./viewport";
import { dragged } from "./voi";

export type Tool = "window" | "zoom" | "pan" | "scroll" | "probe";
export const TOOLS: readonly Tool[] = ["window", "zoom", "pan", "scroll", "probe"];

/** A trackpad's pixels that make one frame. */
const PIXELS_A_FRAME = 40;

interface Drag {
  tool: Tool;
  x: number;
  y: number;
  window: Window | null;
  place: Placement;
  position: number;
}

/** Return whole frames from wheel events: one a notch, or one for 40 pixels of a trackpad. */
export class WheelFrames {
  #rest = 0;

  take(event: Pick<WheelEvent, "deltaX" | "deltaY" | "deltaMode">): number {
    // Shift turns a vertical wheel into a horizontal one in most browsers.
    const delta = event.deltaY !== 0 ? event.deltaY : event.deltaX;
    if (delta === 0) return 0;
    if (event.deltaMode !== 0 || Math.abs(delta) >= 50) {
      this.#rest = 0;
      return Math.sign(delta);
    }
    if (Math.sign(delta) !== Math.sign(this.#rest)) this.#rest = 0;
    this.#rest += delta / PIXELS_A_FRAME;
    const frames = Math.trunc(this.#rest) + 0;
    this.#rest -= frames;
    return frames;
  }
}

export class Hand {
  tool: Tool = "window";
  readonly #viewport: Viewport;
  readonly #wheel = new WheelFrames();
  #drag: Drag | null = null;

  constructor(viewport: Viewport, maximise: () => void) {
    this.#viewport = viewport;
    const { canvas } = viewport;
    canvas.addEventListener("pointerdown", this.#down);
    canvas.addEventListener("pointermove", this.#move);
    canvas.addEventListener("pointerup", this.#up);
    canvas.addEventListener("pointercancel", this.#up);
    canvas.addEventListener("wheel", this.#turn, { passive: false });
    canvas.addEventListener("dblclick", maximise);
    viewport.element.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("auxclick", (event) => event.preventDefault());
  }

  readonly #down = (event: PointerEvent): void => {
    const tool = [event.shiftKey ? "probe" : this.tool, "pan", "zoom"][event.button] as Tool | undefined;
    if (tool === undefined || this.#viewport.wanted === null) return;
    event.preventDefault();
    this.#viewport.element.focus({ preventScroll: true });
    this.#viewport.canvas.setPointerCapture(event.pointerId);
    this.#drag = {
      tool,
      x: event.clientX,
      y: event.clientY,
      window: this.#viewport.window,
      place: this.#viewport.place,
      position: this.#viewport.wanted.position,
    };
    // Reading a value changes nothing that is seen.
    if (tool === "probe") this.#viewport.probe.begin(this.#viewport, event);
    else this.#viewport.activity.touch(true);
  };

  readonly #move = (event: PointerEvent): void => {
    const drag = this.#drag;
    if (drag === null) return;
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    const ratio = this.#ratio();
    if (drag.tool === "window") {
      if (drag.window !== null && (dx !== 0 || dy !== 0)) this.#viewport.want({ window: dragged(drag.window, dx, dy) });
    } else if (drag.tool === "probe") {
      this.#viewport.probe.ask(this.#viewport, event);
    } else if (drag.tool === "scroll") {
      this.#viewport.walk.follow(drag.position + this.#framesFor(dy));
    } else if (drag.tool === "pan") {
      this.#viewport.moveTo({ ...drag.place, x: drag.place.x + dx * ratio, y: drag.place.y + dy * ratio, fit: false });
    } else {
      this.#viewport.moveTo(zoomedAt(drag.place, Math.exp(-dy / 200), ...this.#fromCentre(drag.x, drag.y)));
    }
  };

  readonly #up = (): void => {
    const drag = this.#drag;
    this.#drag = null;
    if (drag !== null && drag.tool !== "probe") this.#viewport.activity.release();
  };

  readonly #turn = (event: WheelEvent): void => {
    event.preventDefault();
    if (event.ctrlKey) {
      const step = event.deltaMode === 0 ? Math.max(-100, Math.min(100, event.deltaY)) : Math.sign(event.deltaY) * 100;
      this.#viewport.moveTo(zoomedAt(this.#viewport.place, Math.exp(-step / 500), ...this.#fromCentre(event.clientX, event.clientY)));
      return;
    }
    const frames = this.#wheel.take(event) * (event.shiftKey ? 10 : 1);
    if (frames === 0) return;
    this.#viewport.activity.touch();
    this.#viewport.walk.by(frames);
  };

  /** The whole stack fits into one drag over the viewport; a short one moves a frame every 8 pixels. */
  #framesFor(dy: number): number {
    const count = this.#viewport.wanted?.count ?? 1;
    return Math.trunc(dy * Math.max(1 / 8, count / Math.max(1, this.#viewport.canvas.clientHeight)));
  }

  #ratio(): number {
    return this.#viewport.canvas.width / Math.max(1, this.#viewport.canvas.clientWidth);
  }

  #fromCentre(clientX: number, clientY: number): [number, number] {
    const box = this.#viewport.canvas.getBoundingClientRect();
    const ratio = this.#ratio();
    return [(clientX - box.left - box.width / 2) * ratio, (clientY - box.top - box.height / 2) * ratio];
  }
}
