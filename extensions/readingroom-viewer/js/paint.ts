// Painting: the frame at its native size on a hidden canvas, then scaled onto the visible one.

import { laidOut } from "./coarse";
import type { FrameHeader, Point } from "./messages";
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

/** Width and height of one image pixel, the finer axis being 1 (PS3.3 10.7: the distance of rows comes first). */
export function pixelShape([height, width]: readonly [number, number]): [width: number, height: number] {
  const finer = Math.min(height, width);
  return [width / finer, height / finer];
}

/** A rectangle in image pixels, from outer corner to outer corner. */
export interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The placement that shows an area of a turned picture (the whole of it when null) as large as fits, and centred. */
export function fitted(header: Sized, width: number, height: number, turn = UPRIGHT, area: Area | null = null): Placement {
  const { left, top, right, bottom } = area ?? { left: 0, top: 0, right: header.columns, bottom: header.rows };
  const zoom = fitZoom({ columns: right - left, rows: bottom - top, pixel_shape: header.pixel_shape }, width, height, turn);
  const place = { ...FITTED, zoom, turn };
  const [x, y] = onScreen(header, place, 0, 0)([(left + right) / 2, (top + bottom) / 2]);
  return area === null ? place : { ...place, x: -x, y: -y };
}

export type Sized = Pick<FrameHeader, "rows" | "columns" | "pixel_shape">;

/** Return where points of a placed picture lie in a viewport of that size; both in pixels, from the outer corner. */
export function onScreen(header: Sized, place: Placement, width: number, height: number): (point: Point) => Point {
  const [w, h] = pixelShape(header.pixel_shape);
  const [a, b, c, d] = matrixOf(place.turn);
  const { left, top, wide, high } = seen(header, place, width, height);
  return ([x, y]) => {
    const across = (x - header.columns / 2) * w * place.zoom;
    const down = (y - header.rows / 2) * h * place.zoom;
    return [left + wide / 2 + a * across + c * down, top + high / 2 + b * across + d * down];
  };
}

/** The rectangle that the picture covers; its corner lies on whole device pixels, so that 1:1 is exact however it is turned. */
function seen(header: Sized, place: Placement, width: number, height: number): { left: number; top: number; wide: number; high: number } {
  const [w, h] = pixelShape(header.pixel_shape);
  const size = [header.columns * w * place.zoom, header.rows * h * place.zoom] as const;
  const [wide, high] = isSideways(place.turn) ? [size[1], size[0]] : size;
  const left = Math.round(width / 2 + place.x - wide / 2);
  const top = Math.round(height / 2 + place.y - high / 2);
  return { left, top, wide, high };
}

export function fitZoom(header: Sized, width: number, height: number, turn = UPRIGHT): number {
  const [w, h] = pixelShape(header.pixel_shape);
  const [across, down] = isSideways(turn) ? [height, width] : [width, height];
  return Math.max(1e-3, Math.min(across / (header.columns * w), down / (header.rows * h)));
}

/** Zoom by `factor` so that the picture's point under (x, y), measured from the viewport's centre, stays there. */
export function zoomedAt(place: Placement, factor: number, x: number, y: number): Placement {
  const zoom = Math.min(64, Math.max(0.02, place.zoom * factor));
  const real = zoom / place.zoom;
  return { ...place, zoom, x: x - (x - place.x) * real, y: y - (y - place.y) * real, fit: false };
}

/** From this zoom on, image pixels are seen as squares. */
const NEAREST_FROM = 6;

/**
 * How the browser's canvas makes screen pixels of image pixels: "1:1" copies them, "bilinear" and "nearest" enlarge by
 * that filter, "reduced" shrinks by the browser's best one. An image whose pixels are no squares is never copied.
 */
export function interpolation(header: Pick<FrameHeader, "pixel_shape" | "full_size">, { zoom }: Pick<Placement, "zoom">): "1:1" | "bilinear" | "nearest" | "reduced" {
  // Enlarged pixels that stand for several of the whole picture are no squares to be seen.
  if (header.full_size !== null) return "bilinear";
  const [w, h] = pixelShape(header.pixel_shape);
  if (zoom === 1 && w === 1 && h === 1) return "1:1";
  if (zoom < 1) return "reduced";
  return zoom < NEAREST_FROM ? "bilinear" : "nearest";
}

export class Painter {
  readonly canvas: HTMLCanvasElement;
  #native = document.createElement("canvas");
  /** A preview has its own canvas, so that the picture as it came is never touched. */
  readonly #scratch = document.createElement("canvas");
  #previewed = false;
  #header: FrameHeader | null = null;
  /** The picture as it came; null while it is only on the hidden canvas. */
  #rgba: ImageData | null = null;
  #changed: ImageData | null = null;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
  }

  /** Take a decoded frame; it is seen at the next `draw`. */
  load(header: FrameHeader, pixels: Uint8Array): void {
    this.#begin(header);
    if (this.#rgba?.width !== header.columns || this.#rgba.height !== header.rows) this.#rgba = new ImageData(header.columns, header.rows);
    toRgba(pixels, header.samples, this.#rgba.data);
    this.#native.getContext("2d")?.putImageData(this.#rgba, 0, 0);
    this.#header = laidOut(header);
  }

  /** Take a picture that the browser decoded, for the eye alone. */
  loadBitmap(header: FrameHeader, bitmap: ImageBitmap): void {
    this.#begin(header);
    this.#rgba = null;
    this.#native.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.#header = laidOut(header);
  }

  /** Take exact rows of the picture that is there. */
  loadRows(first: number, rows: number, pixels: Uint8Array): void {
    if (this.#header === null) return;
    this.#widen(this.#header);
    const part = new ImageData(this.#header.columns, rows);
    toRgba(pixels, this.#header.samples, part.data);
    this.#native.getContext("2d")?.putImageData(part, 0, first);
    this.#rgba = null;
  }

  /** Show the grey picture through a table of 256 bytes, or as it came; always from that, never from a preview. */
  preview(table: Uint8ClampedArray | null): void {
    this.#previewed = false;
    if (table === null) return;
    const { width, height } = this.#native;
    const [context, native] = [this.#scratch.getContext("2d"), this.#native.getContext("2d")];
    if (context === null || native === null || this.#header === null) return;
    this.#rgba ??= native.getImageData(0, 0, width, height);
    if (this.#changed?.width !== width || this.#changed.height !== height) {
      this.#changed = new ImageData(width, height);
      [this.#scratch.width, this.#scratch.height] = [width, height];
    }
    const from = this.#rgba.data;
    const to = new Uint32Array(this.#changed.data.buffer);
    for (let i = 0; i < to.length; i++) to[i] = 0xff000000 | ((table[from[4 * i] as number] as number) * 0x010101);
    context.putImageData(this.#changed, 0, 0);
    this.#previewed = true;
  }

  #begin({ rows, columns }: FrameHeader): void {
    this.#previewed = false;
    if (this.#native.width === columns && this.#native.height === rows) return;
    this.#native.width = columns;
    this.#native.height = rows;
  }

  /** Spread a picture that came in fewer pixels over all of them, so that exact rows can be put into it. */
  #widen({ rows, columns }: FrameHeader): void {
    if (this.#native.width === columns && this.#native.height === rows) return;
    const whole = document.createElement("canvas");
    [whole.width, whole.height] = [columns, rows];
    whole.getContext("2d")?.drawImage(this.#native, 0, 0, columns, rows);
    this.#native = whole;
  }

  /** Keep nothing of the picture, neither on the canvas that is seen nor on those that are not. */
  clear(): void {
    this.#header = null;
    this.#rgba = this.#changed = null;
    this.#previewed = false;
    for (const hidden of [this.#native, this.#scratch]) hidden.width = hidden.height = 0;
    const context = this.canvas.getContext("2d", { alpha: false });
    // Drawing leaves the picture's own coordinates behind: a rectangle in those would leave some of the picture.
    context?.setTransform(1, 0, 0, 1, 0, 0);
    context?.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  draw(place: Placement): void {
    const context = this.canvas.getContext("2d", { alpha: false });
    if (context === null) return;
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    if (this.#header === null) return;
    const [w, h] = pixelShape(this.#header.pixel_shape);
    const shownWidth = this.#header.columns * w * place.zoom;
    const shownHeight = this.#header.rows * h * place.zoom;
    context.imageSmoothingEnabled = !["1:1", "nearest"].includes(interpolation(this.#header, place));
    context.imageSmoothingQuality = place.zoom < 1 ? "high" : "medium";
    const { left, top, wide, high } = seen(this.#header, place, width, height);
    context.setTransform(...matrixOf(place.turn), left + wide / 2, top + high / 2);
    context.drawImage(this.#previewed ? this.#scratch : this.#native, -shownWidth / 2, -shownHeight / 2, shownWidth, shownHeight);
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
  painter.draw(fitted(header, canvas.width, canvas.height));
}
