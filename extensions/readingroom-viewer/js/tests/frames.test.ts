import { describe, expect, it } from "vitest";
import { FrameError, type FrameMessage, decodePixels as decode, parseFrame } from "../frames";
import type { FrameHeader } from "../messages";

const HEADER: FrameHeader = {
  type: "frame",
  viewport: "main",
  seq: 3,
  study_uid: "1.2",
  series_uid: "1.2.3",
  sop_uid: "1.2.3.4",
  frame: 1,
  position: 0,
  count: 1,
  rows: 2,
  columns: 3,
  samples: 1,
  codec: "raw",
  sha256: "0".repeat(64),
  window: { center: 40, width: 400, function: "LINEAR", explanation: "" },
  choices: [],
  value_range: [-1000, 700],
  inverted: false,
  drag_start: null,
  choice: null,
  presentation_uid: "",
  presentation: null,
  overlay_planes: 0,
  overlays: true,
  full_size: null,
  reformat: null,
  loaded: 1,
  notes: [],
  source_lossy: "",
  orientation: [1, 0, 0, 0, 1, 0],
  slice_position: [0, 0, 0],
  spacing: [0.5, 0.5],
  pixel_shape: [0.5, 0.5],
  spacing_kind: "patient",
  pipeline: "0".repeat(64),
  display: "review-only",
  value_step: 1,
  window_origin: "image",
  strip: null,
  gray: "up",
};

function pack(header: unknown, payload: number[] = [1, 2, 3, 4, 5, 6]): ArrayBuffer {
  const head = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const message = new Uint8Array(36 + head.length + payload.length);
  new DataView(message.buffer).setUint32(0, head.length, true);
  message.set(head, 36);
  message.set(payload, 36 + head.length);
  return message.buffer;
}

const decodePixels = (message: ReturnType<typeof parseFrame>) => decode(message as FrameMessage);

describe("parseFrame", () => {
  it("returns header and pixels of a whole message", () => {
    const message = parseFrame(pack(HEADER));
    expect(message.header).toEqual(HEADER);
    expect([...decodePixels(message)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("refuses a message cut anywhere inside its header", () => {
    const whole = pack(HEADER, []);
    for (let length = 0; length < whole.byteLength; length++) expect(() => parseFrame(whole.slice(0, length))).toThrow(FrameError);
  });

  it("refuses pixels that are too few or too many", () => {
    expect(() => decodePixels(parseFrame(pack(HEADER, [1, 2, 3])))).toThrow(FrameError);
    expect(() => decodePixels(parseFrame(pack(HEADER, [1, 2, 3, 4, 5, 6, 7])))).toThrow(FrameError);
  });

  it.each(["", "null", "[]", "{", '"text"', "\u0000"])("refuses the header %j", (header) => {
    expect(() => parseFrame(pack(header))).toThrow(FrameError);
  });

  it.each([
    ["rows", 0],
    ["rows", 70_000],
    ["rows", 1.5],
    ["rows", "2"],
    ["columns", -1],
    ["samples", 4],
    ["seq", -1],
    ["seq", 2 ** 60],
    ["codec", "webp"],
    ["strip", { first_row: 0, rows: 0 }],
    ["strip", undefined],
    ["gray", "sideways"],
    ["type", "study"],
    ["sha256", "xyz"],
    ["series_uid", 5],
    ["window", { center: "40", width: 400, function: "LINEAR", explanation: "" }],
    ["window", { center: 40, width: 400, function: "GAMMA", explanation: "" }],
    ["choices", null],
    ["value_range", [1]],
    ["orientation", [1, 0, 0]],
    ["spacing", [0, 1]],
    ["pixel_shape", [1, 0]],
    ["pixel_shape", null],
    ["spacing", [null, 1]],
    ["inverted", "no"],
  ])("refuses a header whose %s is %j", (name, value) => {
    expect(() => parseFrame(pack({ ...HEADER, [name]: value }))).toThrow(FrameError);
  });

  it("refuses a picture too large for a browser before it reserves memory", () => {
    expect(() => parseFrame(pack({ ...HEADER, rows: 65_535, columns: 65_535 }))).toThrow("too large");
  });
});
