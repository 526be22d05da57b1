import { describe, expect, it } from "vitest";
import { edgeLetters, lengthText, placeText, planeText, scaleBar } from "../geometry";
import { fitZoom, pixelShape, zoomedAt } from "../paint";
import { UPRIGHT } from "../turn";

describe("edgeLetters", () => {
  it.each([
    ["axial", [1, 0, 0, 0, 1, 0], { top: "A", right: "L", bottom: "P", left: "R" }],
    ["coronal", [1, 0, 0, 0, 0, -1], { top: "H", right: "L", bottom: "F", left: "R" }],
    ["sagittal", [0, 1, 0, 0, 0, -1], { top: "H", right: "P", bottom: "F", left: "A" }],
    ["prone axial", [-1, 0, 0, 0, -1, 0], { top: "P", right: "R", bottom: "A", left: "L" }],
    ["oblique", [0.94, 0.342, 0, 0, 0, -1], { top: "H", right: "LP", bottom: "F", left: "RA" }],
    ["tilted by 5°", [0.9962, 0.0872, 0, 0, 1, 0], { top: "A", right: "L", bottom: "P", left: "R" }],
  ])("names the edges of an %s image", (_name, orientation, expected) => {
    expect(edgeLetters(orientation)).toEqual(expected);
  });

  it("says nothing about an image without orientation", () => expect(edgeLetters(null)).toBeNull());
});

describe("planeText", () => {
  it("names plane and level", () => {
    expect(planeText([1, 0, 0, 0, 1, 0], [0, 0, -12.5])).toBe("Axial F 12.5 mm");
    expect(planeText([0, 1, 0, 0, 0, -1], [3, 0, 0])).toBe("Sagittal L 3.0 mm");
    expect(planeText([0.8, 0.6, 0, 0, 0, -1], null)).toBe("Coronal oblique");
    expect(planeText(null, [0, 0, 0])).toBe("");
  });
});

describe("scaleBar", () => {
  it.each([
    [0.5, 160, 50, "5 cm", 100],
    [0.1, 160, 10, "10 mm", 100],
    [0.012, 160, 1, "1 mm", 83.33],
    [1, 100, 100, "10 cm", 100],
    [0.0025, 160, 0.2, "0.2 mm", 80],
  ])("at %d mm a pixel in %d pixels is %d mm long", (mmPerPixel, room, _mm, label, length) => {
    const bar = scaleBar(mmPerPixel, room);
    expect(bar?.label).toBe(label);
    expect(bar?.length).toBeCloseTo(length, 1);
  });

  it("is never longer than its room, nor shorter than 40 % of it", () => {
    for (let mm = 0.001; mm < 10; mm *= 1.07) {
      const { length } = scaleBar(mm, 150) ?? { length: 0 };
      expect(length).toBeLessThanOrEqual(150.000001);
      expect(length).toBeGreaterThanOrEqual(150 * 0.4 - 1e-6);
    }
  });

  it("is absent where the size of a pixel is unknown", () => {
    expect(scaleBar(0, 150)).toBeNull();
    expect(scaleBar(Number.NaN, 150)).toBeNull();
  });

  it("writes whole centimetres from 2 cm on", () => expect([10, 20, 50, 0.5].map(lengthText)).toEqual(["10 mm", "2 cm", "5 cm", "0.5 mm"]));
});

describe("placement", () => {
  it("shows pixels in their true shape", () => {
    expect(pixelShape([2, 1])).toEqual([1, 2]);
    expect(fitZoom({ rows: 100, columns: 100, pixel_shape: [2, 1] }, 400, 400)).toBe(2);
  });

  it("keeps the point under the pointer when it zooms", () => {
    const before = { zoom: 1, x: 10, y: -5, fit: true, turn: UPRIGHT };
    const after = zoomedAt(before, 2, 100, 40);
    expect((100 - after.x) / after.zoom).toBeCloseTo((100 - before.x) / before.zoom);
    expect((40 - after.y) / after.zoom).toBeCloseTo((40 - before.y) / before.zoom);
    expect(after.fit).toBe(false);
  });
});

describe("a place in the patient", () => {
  it("is said with the letters of its sides", () => {
    expect(placeText([12.34, -5, 100])).toBe("L 12.3 · A 5.0 · H 100.0 mm");
    expect(placeText([-12.34, 5, -100])).toBe("R 12.3 · P 5.0 · F 100.0 mm");
  });
});
