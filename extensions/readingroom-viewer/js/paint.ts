// Painting: the frame at its native size on a hidden canvas, then scaled onto the visible one.

import type { FrameHeader } from "./messages";
import { type Turn, UPRIGHT, isSideways, matrixOf } from "./turn";

/** How a picture lies in its viewport. Pixels here are device pixels. */
export interface Placement {
  /** Device pixels per image pixel along the finer axis. */
  readonly zoom: number;
  /** The picture's centre, from the viewport's centre. */
  readonly x: number;
  readonly y: number;
  /** Follows the viewport's size. */
  readonly fit: boolean;
  readonly turn: Turn;
}

export const FITTED: Placement = { zoom: 1, x: 0, y: 0, fit: true, turn: UPRIGHT };

/** Width and height of one image pixel, the finer axis being 1 (PS3.3 10.7: spacing is rows, then columns). */
export function pixelShape(spacing: readonly [number, number] | null): [width: number, height: number] {
  if (spacing === null) return [1, 1];
  const finer = Math.min(spacing[0], spacing[1]);
  return [spacing[1] / finer, spacing[0] / finer];
}

export function fitZoom(header: Pick<FrameHeader, "rows" | "columns" | "spacing">, width: number, height: number, turn = UPRIGHT): number {
  const [w, h] = pixelShape(header.spacing);
  const [across, down] = isSideways(turn) ? [height, width] : [width, height];
  return Math.max(1e-3, Math.min(across / (header.columns * w), down / (header.rows * h)));
}

/** Zoom by `factor` so that the picture's point under (x, y), measured from the viewport's centre, stays there. */
export function zoomedAt(place: Placement, factor: number, x: number, y: number): Placement {
  const zoom = Math.min(64, Math.max(0.02, place.zoom * factor));
  const real = zoom / place.zoom;
  return { ...place, zoom, x: x - (x - place.x) * real, y: y - (y - place.y) * real, fit: false };
}

export class Painter {
  readonly canvas: HTMLCanvasElement;
  readonly #native = document.createElement("canvas");
  #header: FrameHeader | null = null;
  #rgba: ImageData | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
  }

  /** Take a decoded frame; it is seen at the next `draw`. */
  load(header: FrameHeader, pixels: Uint8Array): void {
    if (this.#native.width !== header.columns || this.#native.height !== header.rows || this.#rgba === null) {
      this.#native.width = header.columns;
      this.#native.height = header.rows;
      this.#rgba = new ImageData(header.columns, header.rows);
    }
    toRgba(pixels, header.samples, this.#rgba.data);
    this.#native.getContext("2d")?.putImageData(this.#rgba, 0, 0);
    this.#header = header;
  }

  clear(): void {
    this.#header = null;
    this.canvas.getContext("2d")?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  draw(place: Placement): void {
    const context = this.canvas.getContext("2d", { alpha: false });
    if (context === null) return;
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    if (this.#header === null) return;
    const [w, h] = pixelShape(this.#header.spacing);
    const shownWidth = this.#header.columns * w * place.zoom;
    const shownHeight = this.#header.rows * h * place.zoom;
    context.imageSmoothingEnabled = !(place.zoom === 1 && w === 1 && h === 1) && place.zoom < 6;
    context.imageSmoothingQuality = place.zoom < 1 ? "high" : "medium";
    // The seen left and top edges lie on whole device pixels, so that 1:1 is exact however the picture is turned.
    const [seenWidth, seenHeight] = isSideways(place.turn) ? [shownHeight, shownWidth] : [shownWidth, shownHeight];
    const left = Math.round(width / 2 + place.x - seenWidth / 2);
    const top = Math.round(height / 2 + place.y - seenHeight / 2);
    context.setTransform(...matrixOf(place.turn), left + seenWidth / 2, top + seenHeight / 2);
    context.drawImage(this.#native, -shownWidth / 2, -shownHeight / 2, shownWidth, shownHeight);
  }
}

/** Write 8-bit grey or RGB pixels as opaque RGBA. */
export function toRgba(pixels: Uint8Array, samples: 1 | 3, out: Uint8ClampedArray): void {
  if (samples === 1) {
    const words = new Uint32Array(out.buffer, out.byteOffset, pixels.length);
    for (let i = 0; i < pixels.length; i++) words[i] = 0xff000000 | ((pixels[i] as number) * 0x010101);
    return;
  }
  for (let i = 0, o = 0; i < pixels.length; i += 3, o += 4) {
    out[o] = pixels[i] as number;
    out[o + 1] = pixels[i + 1] as number;
    out[o + 2] = pixels[i + 2] as number;
    out[o + 3] = 255;
  }
}

/** Draw a thumbnail, whole and centred, onto a small canvas. */
export function paintThumbnail(canvas: HTMLCanvasElement, header: FrameHeader, pixels: Uint8Array): void {
  const painter = new Painter(canvas);
  painter.load(header, pixels);
  painter.draw({ ...FITTED, zoom: fitZoom(header, canvas.width, canvas.height) });
}
