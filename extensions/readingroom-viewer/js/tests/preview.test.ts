import { describe, expect, it } from "vitest";
import { interpolation } from "../paint";
import { onlyWindowDiffers, previewTable } from "../preview";
import type { Window } from "../messages";
import { displayed } from "../voi";
import { changed, opened } from "../wanted";

const window = (center: number, width: number, kind: Window["function"] = "LINEAR"): Window => ({ center, width, function: kind, explanation: "" });
const shown = (voi: Window | null, change = {}) => ({ window: voi, samples: 1 as const, presentation: null, inverted: false, value_range: [-1000, 3000] as [number, number], gray: "up" as const, ...change });
const values = Array.from({ length: 4001 }, (_, i) => i - 1000);
const plain = { slope: 1, intercept: 0 };

describe("a preview", () => {
  it.each([false, true])("of a narrower window is near what the server will send, inverted: %s", (inverted) => {
    const [old, wanted] = [window(40, 400), window(60, 200)];
    const before = displayed(values, old, plain, inverted);
    const table = previewTable(shown(old, { inverted }), wanted)!;
    const truth = displayed(values, wanted, plain, inverted);
    const worst = Math.max(...truth.map((value, i) => Math.abs(value - (table[before[i] as number] as number))));
    expect(worst).toBeLessThanOrEqual(2);
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
    ["a sigmoid", shown(window(40, 400, "SIGMOID"))],
    ["a presentation state", shown(window(40, 400), { presentation: {} })],
    ["a calibrated display", shown(window(40, 400), { gray: "" })],
    ["a window of one value", shown(window(40, 1))],
  ])("is refused for %s", (_, header) => {
    expect(previewTable(header as never, window(40, 390))).toBeNull();
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
    const square = { pixel_shape: [0.5, 0.5] as [number, number] };
    expect([0.5, 1, 1.01, 5.99, 6, 40].map((zoom) => interpolation(square, { zoom }))).toEqual(["reduced", "1:1", "bilinear", "bilinear", "nearest", "nearest"]);
  });
  it("is never a copy where pixels are no squares", () => expect(interpolation({ pixel_shape: [1, 2] }, { zoom: 1 })).toBe("bilinear"));
});
