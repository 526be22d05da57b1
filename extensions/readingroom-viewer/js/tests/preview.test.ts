import { describe, expect, it } from "vitest";
import golden from "../../../../tests/golden/preview.json";
import { interpolation } from "../paint";
import { onlyWindowDiffers, previewTable } from "../preview";
import type { Window } from "../messages";
import { displayed } from "../voi";
import { changed, opened } from "../wanted";

const window = (center: number, width: number, kind: Window["function"] = "LINEAR"): Window => ({ center, width, function: kind, explanation: "" });
const shown = (voi: Window | null, change = {}) => ({ window: voi, samples: 1 as const, presentation: null, inverted: false, value_range: [-1000, 3000] as [number, number], gray: "up" as const, ...change });
const values = Array.from({ length: 4001 }, (_, i) => i - 1000);
const plain = { slope: 1, intercept: 0 };

/** A shown byte stands for half a level to either side. */
const STEPS = 0.5;
const steepest = (table: Uint8ClampedArray) => Math.max(...Array.from(table.slice(1), (byte, i) => Math.abs(byte - table[i]!)));
/** Lung and bone from a narrow window, the long tails of a sigmoid from a straight one, and its flat ends. */
const REFUSED = ["LINEAR 400 → 40 SIGMOID", "LINEAR 400 → -600 LINEAR", "LINEAR 400 → 400 LINEAR", "LINEAR 1500.5 → -600 LINEAR", "LINEAR_EXACT 400 → 40 SIGMOID", "LINEAR_EXACT 400 → -600 LINEAR", "LINEAR_EXACT 400 → 400 LINEAR", "SIGMOID 400 → -600 LINEAR", "SIGMOID 400 → 400 LINEAR"];

describe("a preview", () => {
  it.each([false, true])("of a narrower window is near what the server will send, inverted: %s", (inverted) => {
    const [old, wanted] = [window(40, 400), window(60, 200)];
    const before = displayed(values, old, plain, inverted);
    const table = previewTable(shown(old, { inverted }), wanted)!;
    const truth = displayed(values, wanted, plain, inverted);
    const worst = Math.max(...truth.map((value, i) => Math.abs(value - (table[before[i] as number] as number))));
    expect(worst).toBeLessThanOrEqual(2);
  });

  it("is refused where the levels there are would show as bands", () => {
    expect(previewTable(shown(window(40, 400)), window(40, 60))).not.toBeNull();
    expect(previewTable(shown(window(40, 400)), window(40, 10))).toBeNull();
    expect(previewTable(shown(window(40, 400)), window(40, 1))).toBeNull();
  });

  it("of the window shown changes nothing", () => {
    expect([...previewTable(shown(window(40, 400)), window(40, 400))!]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  it("knows images whose larger values are darker", () => {
    const table = previewTable(shown(window(40, 400), { gray: "down" }), window(40, 200))!;
    expect([table[0], table[64]! < 64, table[128]! >= 127 && table[128]! <= 129, table[255]]).toEqual([0, true, true, 255]);
  });

  it("is refused where the new window leaves what the old one told apart", () => {
    expect(previewTable(shown(window(40, 80)), window(-600, 1500))).toBeNull();
    expect(previewTable(shown(window(40, 400)), window(300, 400))).toBeNull();
  });

  it("may leave it a little, and wherever the image has no values", () => {
    expect(previewTable(shown(window(40, 400)), window(60, 420))).not.toBeNull();
    expect(previewTable(shown(window(1000, 4002)), window(1000, 9000))).not.toBeNull();
  });

  it.each([
    ["colour", shown(null, { samples: 3 })],
    ["a VOI LUT", shown(null)],
    ["a presentation state", shown(window(40, 400), { presentation: {} })],
    ["a calibrated display", shown(window(40, 400), { gray: "" })],
    ["a window of one value", shown(window(40, 1))],
  ])("is refused for %s", (_, header) => {
    expect(previewTable(header as never, window(40, 390))).toBeNull();
  });

  it("makes of the bytes of one window nearly those of another, by the server's own figures", () => {
    const refused: string[] = [];
    const worst = golden.map(({ shown: old, wanted, inverted, before, after }) => {
      const table = previewTable(shown(old as Window, { inverted, value_range: [-9999, 9999] }), wanted as Window);
      if (table === null) refused.push(`${old.function} ${old.width} → ${wanted.center} ${wanted.function}`);
      // What the old window had clipped is not known any more.
      return table === null ? 0 : Math.max(...after.map((byte, i) => ([0, 255].includes(before[i]!) ? 0 : Math.abs(byte - table[before[i]!]!) - STEPS * steepest(table))));
    });
    expect(Math.max(...worst)).toBeLessThanOrEqual(1);
    expect(refused).toEqual(REFUSED);
  });

  it("starts only from a picture of the same frame", () => {
    const series = { uid: "1", study_uid: "1", modality: "CT", number: 1, description: "", body_part: "", instance_count: 9, frame_count: 9, rows: 1, columns: 1, frame_time_ms: null };
    const wanted = opened(series);
    expect(onlyWindowDiffers(wanted, changed(wanted, { window: window(1, 2) }))).toBe(true);
    expect(onlyWindowDiffers(wanted, changed(wanted, { window: window(1, 2), position: 3 }))).toBe(false);
    expect(onlyWindowDiffers(wanted, changed(wanted, { inverted: true }))).toBe(false);
  });
});

describe("zoom", () => {
  it("is named by how the browser makes screen pixels", () => {
    const square = { pixel_shape: [0.5, 0.5] as [number, number], full_size: null };
    expect([0.5, 1, 1.01, 5.99, 6, 40].map((zoom) => interpolation(square, { zoom }))).toEqual(["reduced", "1:1", "bilinear", "bilinear", "nearest", "nearest"]);
  });
  it("is never a copy where pixels are no squares", () => expect(interpolation({ pixel_shape: [1, 2], full_size: null }, { zoom: 1 })).toBe("bilinear"));
});
