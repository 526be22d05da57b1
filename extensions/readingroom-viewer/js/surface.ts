// Where the picture of a viewport lies and is drawn: its canvas, what is drawn over it, and its placement.

import { h } from "./dom";
import { Graphics } from "./graphics";
import type { Arrived } from "./intake";
import type { FrameHeader } from "./messages";
import { FITTED, Painter, type Placement, fitted } from "./paint";
import { pointedAt } from "./pointing";
import { sameLayout, turnOf } from "./presentation";
import { followDevicePixels } from "./screen";

export interface SurfaceEvents {
  /** The table to draw the picture through ahead of the server, or null; what is returned is drawn at once. */
  previewed(): Uint8ClampedArray | null;
  /** The picture was drawn elsewhere or otherwise than before. */
  drawn(): void;
}

export class Surface {
  readonly canvas = h("canvas", { class: "rr-canvas" });
  /** Where the reader looks, as the share of the picture's rows above the pointer. */
  focus = 0.5;
  /** Of the picture that is there. */
  header: FrameHeader | null = null;
  #place: Placement = FITTED;
  readonly #events: SurfaceEvents;
  readonly #painter = new Painter(this.canvas);
  readonly #graphics = new Graphics();
  readonly #unfollow: () => void;
  #drawScheduled = false;
  #paintedThisTurn = false;

  constructor(element: HTMLElement, events: SurfaceEvents) {
    this.#events = events;
    element.append(this.canvas, this.#graphics.element);
    this.#unfollow = followDevicePixels(this.canvas, (width, height) => this.#fitCanvas(width, height));
    this.canvas.addEventListener("pointermove", (event) => this.#look(event));
  }

  close(): void {
    this.#unfollow();
  }

  get place(): Placement {
    return this.#place;
  }

  clear(): void {
    this.header = null;
    this.#painter.clear();
    this.#graphics.update(null, this.#place, 0, 0, 1);
  }

  /** As a picture is first seen. */
  reset(): void {
    this.#place = FITTED;
  }

  moveTo(place: Placement): void {
    this.#place = place;
    this.draw();
  }

  /** Take a whole picture; it is seen at the next drawing. `laid` is its header in pixels of the picture at rest. */
  load(picture: Exclude<Arrived, { kind: "part" }>, laid: FrameHeader): void {
    if (picture.kind === "exact") this.#painter.load(picture.header, picture.pixels);
    else this.#painter.loadBitmap(picture.header, picture.bitmap);
    if (!sameLayout(this.header?.presentation ?? null, laid.presentation)) this.#place = { ...FITTED, turn: turnOf(laid.presentation) };
    this.header = laid;
  }

  loadRows(first: number, rows: number, pixels: Uint8Array): void {
    this.#painter.loadRows(first, rows, pixels);
    this.draw();
  }

  draw(): void {
    if (this.#drawScheduled) return;
    this.#drawScheduled = true;
    requestAnimationFrame(() => {
      this.#drawScheduled = false;
      this.drawNow();
      this.#events.drawn();
    });
  }

  drawNow(): void {
    if (this.#place.fit && this.header !== null) {
      const { width, height } = this.canvas;
      this.#place = fitted(this.header, width, height, this.#place.turn, this.header.presentation?.area ?? null);
    }
    this.#painter.preview(this.#events.previewed());
    this.#painter.draw(this.#place);
    this.#graphics.update(this.header, this.#place, this.canvas.width, this.canvas.height, window.devicePixelRatio || 1);
  }

  /** Whether the display frame to come has no picture yet that arrived for it. */
  get isFree(): boolean {
    return !this.#paintedThisTurn;
  }

  /** No display frame shows two pictures: the second one waits for the next. */
  async turn(): Promise<void> {
    if (this.#paintedThisTurn) await animationFrame();
  }

  /** A picture was painted between two display frames: until the next one has begun it must not be painted over. */
  noteTurn(): void {
    this.#paintedThisTurn = true;
    void animationFrame().then(() => setTimeout(() => (this.#paintedThisTurn = false)));
  }

  #look(event: PointerEvent): void {
    if (this.header === null) return;
    const [, down] = pointedAt(this.header, this.#place, this.canvas, event);
    this.focus = Math.min(1, Math.max(0, down / this.header.rows));
  }

  #fitCanvas(width: number, height: number): void {
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.drawNow();
    this.#events.drawn();
  }
}

/** The next animation frame, or soon where a hidden page has none. */
function animationFrame(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
