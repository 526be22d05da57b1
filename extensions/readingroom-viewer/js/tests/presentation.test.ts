import { describe, expect, it } from "vitest";
import { pathData } from "../graphics";
import type { Presentation } from "../messages";
import { fitted, onScreen } from "../paint";
import { isPresentation, positionFor, presentationOptions, sameLayout, turnOf } from "../presentation";
import { UPRIGHT } from "../turn";

const SHOWN: Presentation = {
  label: "A",
  description: "",
  transformation: { rotation: 90, flip: true },
  area: { left: 10, top: 20, right: 60, bottom: 45, size_mode: "SCALE TO FIT", magnification: null },
  layers: [{ name: "L", order: 1, gray: 255, description: "", shapes: [{ kind: "CIRCLE", points: [[5, 5], [5, 9]], filled: false }], texts: [] }],
};
const IMAGE = { rows: 50, columns: 100, pixel_shape: [1, 1] as [number, number] };

describe("a presentation from the wire", () => {
  it("is taken when every part of it can be drawn", () => expect(isPresentation(SHOWN)).toBe(true));
  it.each([
    ["nothing", null],
    ["a rotation of 45°", { ...SHOWN, transformation: { rotation: 45, flip: false } }],
    ["an area without extent", { ...SHOWN, area: { ...SHOWN.area, right: 10 } }],
    ["a point that is no number", { ...SHOWN, layers: [{ ...SHOWN.layers[0], shapes: [{ kind: "CIRCLE", points: [["x", 0]], filled: false }] }] }],
    ["an unknown shape", { ...SHOWN, layers: [{ ...SHOWN.layers[0], shapes: [{ kind: "SPIRAL", points: [], filled: false }] }] }],
  ])("is refused with %s", (_, value) => expect(isPresentation(value)).toBe(false));
});

describe("where points come to lie", () => {
  it("are the corners of the picture in the middle of the viewport", () => {
    const map = onScreen(IMAGE, { zoom: 2, x: 0, y: 0, fit: false, turn: UPRIGHT }, 400, 300);
    expect([map([0, 0]), map([100, 50])]).toEqual([[100, 100], [300, 200]]);
  });
  it("follow a turn to the right and a mirroring", () => {
    const place = { zoom: 1, x: 0, y: 0, fit: false, turn: turnOf(SHOWN) };
    const map = onScreen(IMAGE, place, 50, 100);
    expect([map([0, 0]), map([100, 0])]).toEqual([[0, 0], [0, 100]]);
  });
  it("follow rows that are further apart than columns", () => {
    const map = onScreen({ ...IMAGE, pixel_shape: [2, 1] }, { zoom: 1, x: 0, y: 0, fit: false, turn: UPRIGHT }, 100, 100);
    expect(map([100, 50])).toEqual([100, 100]);
  });
  it.each([UPRIGHT, turnOf(SHOWN), { quarters: 2, flipped: false }])("show a displayed area whole and centred, turned by %o", (turn) => {
    const place = fitted(IMAGE, 200, 200, turn, SHOWN.area);
    const map = onScreen(IMAGE, place, 200, 200);
    const corners = [map([10, 20]), map([60, 45])].flat();
    expect(Math.max(...corners) - Math.min(...corners)).toBeCloseTo(200, 5);
    for (const at of [0, 1]) expect(((corners[at] ?? 0) + (corners[at + 2] ?? 0)) / 2).toBeCloseTo(100, -0.3);
  });
});

it("a curve passes through its points, a line does nothing else", () => {
  expect(pathData([[0, 0], [6, 0], [6, 6]], false)).toBe("M0 0L6 0L6 6");
  expect(pathData([[0, 0], [6, 0], [6, 6]], true)).toMatch(/^M0 0C.* 6 0C.* 6 6$/);
});

it("a reader's own zoom is kept only while the layout stays", () => {
  expect(sameLayout(SHOWN, { ...SHOWN, layers: [] })).toBe(true);
  expect(sameLayout(SHOWN, null)).toBe(false);
});

it("only presentation states of the series can be chosen", () => {
  const entry = { uid: "1", label: "KEY", description: "d", creator: "", created: "", problem: "", positions: { 9: [3, 4] } };
  const series = { uid: "9" } as Parameters<typeof presentationOptions>[1];
  expect([0, 4].map((position) => positionFor(entry, "9", position))).toEqual([3, 4]);
  expect(presentationOptions([entry, { ...entry, uid: "2", positions: { 8: [0] } }], series).map(({ value }) => value)).toEqual(["", "1"]);
});
