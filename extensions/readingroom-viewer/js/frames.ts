// Binary messages: 4 bytes header length (little endian), the header's SHA-256, the header as JSON, the encoded pixels.

import { hex } from "./fidelity";
import { decodeBlock } from "./lz4";
import type { Codec, FrameHeader, Reformat, Strip, StripHeader, VoiChoice, VoiFunction, Window } from "./messages";
import { decodePng } from "./png";
import { isPresentation } from "./presentation";

/** A picture message that cannot be shown; the words are for the reader. */
export class FrameError extends Error {}

export interface FrameMessage {
  header: FrameHeader;
  payload: Uint8Array<ArrayBuffer>;
  /** The header as it arrived, and the SHA-256 it was sent with. */
  head: Uint8Array<ArrayBuffer>;
  headSha256: string;
}

export interface StripMessage {
  header: StripHeader;
  payload: Uint8Array<ArrayBuffer>;
  head: Uint8Array<ArrayBuffer>;
  headSha256: string;
}

export type PictureMessage = FrameMessage | StripMessage;

export function isStrip(message: PictureMessage): message is StripMessage {
  return message.header.type === "strip";
}

const LEAD_BYTES = 4 + 32;
const MAX_HEADER_BYTES = 1 << 20;
const MAX_PIXEL_BYTES = 1 << 29;
const CODECS: readonly Codec[] = ["lz4", "png", "jpeg", "raw"];
const FUNCTIONS: readonly VoiFunction[] = ["LINEAR", "LINEAR_EXACT", "SIGMOID"];

/** Return header and payload; throws `FrameError` for a message that is cut short or not of this protocol. */
export function parseFrame(message: ArrayBuffer): PictureMessage {
  if (message.byteLength < LEAD_BYTES) throw new FrameError("A picture arrived without its header.");
  const length = new DataView(message).getUint32(0, true);
  if (length > message.byteLength - LEAD_BYTES || length > MAX_HEADER_BYTES) throw new FrameError("A picture arrived cut short.");
  const head = new Uint8Array(message, LEAD_BYTES, length);
  let fields: unknown;
  try {
    fields = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(head));
  } catch {
    throw new FrameError("A picture arrived with an unreadable header.");
  }
  const headSha256 = hex(new Uint8Array(message, 4, 32));
  const payload = new Uint8Array(message, LEAD_BYTES + length);
  if (isRecord(fields) && fields.type === "strip") return { header: checkedStrip(fields), payload, head, headSha256 };
  return { header: checkedHeader(fields), payload, head, headSha256 };
}

/** Return the exact 8-bit pixels of a picture of one message, row by row (grey: 1 byte a pixel, colour: R, G, B). */
export function decodePixels({ header, payload }: FrameMessage): Uint8Array<ArrayBuffer> {
  return decodeAtOnce(header.codec, payload, header);
}

/** How many pixels a payload must hold. */
export type Shape = Pick<FrameHeader, "rows" | "columns" | "samples">;

/** Return the exact pixels of a payload; a promise where the browser inflates. Throws for anything but `shape`. */
export function decodeExact(codec: Codec, payload: Uint8Array<ArrayBuffer>, shape: Shape): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
  return codec === "png" ? decodePng(payload, shape) : decodeAtOnce(codec, payload, shape);
}

function decodeAtOnce(codec: Codec, payload: Uint8Array<ArrayBuffer>, { rows, columns, samples }: Shape): Uint8Array<ArrayBuffer> {
  const size = rows * columns * samples;
  if (codec === "lz4") return decodeBlock(payload, size);
  if (codec !== "raw") throw new FrameError("A picture arrived in a form that is not exact.");
  if (payload.length !== size) throw new FrameError("A picture arrived with too few or too many pixels.");
  return payload.slice();
}

/** Return a picture that lost something on its way, for the eye alone; throws where the browser cannot read it. */
export async function decodeLossy(payload: Uint8Array<ArrayBuffer>, { rows, columns }: Shape): Promise<ImageBitmap> {
  const bitmap = await createImageBitmap(new Blob([payload], { type: "image/jpeg" }), { colorSpaceConversion: "none", imageOrientation: "none" });
  if (bitmap.width === columns && bitmap.height === rows) return bitmap;
  bitmap.close();
  throw new FrameError("A picture arrived in another size than its header says.");
}

function checkedStrip(f: Record<string, unknown>): StripHeader {
  const ok = typeof f.viewport === "string" && isWhole(f.seq, 0, Number.MAX_SAFE_INTEGER) && CODECS.includes(f.codec as Codec) && isRows(f.strip);
  if (!ok) throw new FrameError("A part of a picture arrived with a header that makes no sense.");
  return f as unknown as StripHeader;
}

function isRows(value: unknown): value is Strip {
  return isRecord(value) && isWhole(value.first_row, 0, 65_534) && isWhole(value.rows, 1, 65_535);
}

function checkedHeader(value: unknown): FrameHeader {
  if (!isRecord(value)) throw new FrameError("A picture arrived without its header.");
  const f = value;
  const ok =
    ["frame", "ahead", "thumbnail"].includes(f.type as string) &&
    ["viewport", "study_uid", "series_uid", "sop_uid", "source_lossy", "spacing_kind", "presentation_uid"].every((name) => typeof f[name] === "string") &&
    isWhole(f.seq, 0, Number.MAX_SAFE_INTEGER) &&
    isWhole(f.frame, 0, 2 ** 31) &&
    isWhole(f.position, 0, 2 ** 31) &&
    isWhole(f.count, 0, 2 ** 31) &&
    isWhole(f.rows, 1, 65_535) &&
    isWhole(f.columns, 1, 65_535) &&
    (f.samples === 1 || f.samples === 3) &&
    CODECS.includes(f.codec as Codec) &&
    typeof f.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(f.sha256) &&
    (f.strip === null || (isRows(f.strip) && f.codec !== "jpeg")) &&
    (f.window === null || isWindow(f.window)) &&
    Array.isArray(f.choices) &&
    f.choices.every(isChoice) &&
    (f.value_range === null || areNumbers(f.value_range, 2)) &&
    typeof f.inverted === "boolean" &&
    (f.drag_start === null || isWindow(f.drag_start)) &&
    (f.choice === null || isWhole(f.choice, 0, 100_000)) &&
    areTexts(f.notes) &&
    (f.reformat === null || isReformat(f.reformat)) &&
    Number.isFinite(f.loaded) &&
    isWhole(f.overlay_planes, 0, 1_000) &&
    typeof f.overlays === "boolean" &&
    (f.presentation === null || isPresentation(f.presentation)) &&
    (f.orientation === null || areNumbers(f.orientation, 6)) &&
    (f.slice_position === null || areNumbers(f.slice_position, 3)) &&
    areNumbers(f.pixel_shape, 2) &&
    f.pixel_shape.every((n) => n > 0) &&
    ["", "up", "down"].includes(f.gray as string) &&
    ["", "image", "reader", "bits", "frame", "series"].includes(f.window_origin as string) &&
    (f.full_size === null || isFullSize(f.full_size, f.rows, f.columns)) &&
    (f.display === "calibrated" || f.display === "review-only") &&
    (f.spacing === null || (areNumbers(f.spacing, 2) && f.spacing.every((n) => n > 0)));
  if (!ok) throw new FrameError("A picture arrived with a header that makes no sense.");
  const header = f as unknown as FrameHeader;
  if (header.rows * header.columns * header.samples > MAX_PIXEL_BYTES) throw new FrameError("A picture is too large to show here.");
  return header;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function areNumbers(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every(Number.isFinite);
}

/** Not smaller than what came, and not more than eight times as many rows or columns. */
function isFullSize(value: unknown, ...came: [rows: number, columns: number]): boolean {
  return areNumbers(value, 2) && value.every((size, axis) => isWhole(size, came[axis] as number, 8 * (came[axis] as number)));
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

function isReformat(value: unknown): value is Reformat {
  return isRecord(value) && ["axial", "coronal", "sagittal"].includes(value.plane as string) && Number.isFinite(value.slab_mm);
}

function isChoice(value: unknown): value is VoiChoice {
  return isRecord(value) && typeof value.explanation === "string" && (value.window === null || isWindow(value.window));
}

function isWindow(value: unknown): value is Window {
  return (
    isRecord(value) &&
    Number.isFinite(value.center) &&
    Number.isFinite(value.width) &&
    FUNCTIONS.includes(value.function as VoiFunction) &&
    typeof value.explanation === "string"
  );
}
