import { describe, expect, it } from "vitest";
import { edgeLetters } from "../geometry";
import { UPRIGHT, flippedAcross, flippedDown, isSideways, matrixOf, turnText, turned } from "../turn";

const AXIAL = [1, 0, 0, 0, 1, 0];
const ALL = [0, 1, 2, 3].flatMap((quarters) => [false, true].map((flipped) => ({ quarters, flipped })));

const apply = ([a, b, c, d]: readonly number[], x: number, y: number) => [(a ?? 0) * x + (c ?? 0) * y, (b ?? 0) * x + (d ?? 0) * y];

describe("a turned picture", () => {
  it("turns clockwise: what was at the top is at the right", () => expect(apply(matrixOf(turned(UPRIGHT, 1)), 0, -1)).toEqual([1, 0]));

  it("is turned first and mirrored after", () => {
    const both = { quarters: 1, flipped: true };
    expect(apply(matrixOf(both), 0, -1)).toEqual([-1, 0]);
    expect(apply(matrixOf(both), 1, 0)).toEqual([0, 1]);
  });

  it.each(ALL)("seen %o is turned and mirrored as the eye expects", (turn) => {
    for (const [x, y] of [[1, 0], [0, 1]] as const) {
      const [sx = 0, sy = 0] = apply(matrixOf(turn), x, y);
      expect(apply(matrixOf(turned(turn, 1)), x, y)).toEqual([0 - sy, sx].map((n) => n + 0));
      expect(apply(matrixOf(flippedAcross(turn)), x, y)).toEqual([0 - sx, sy].map((n) => n + 0));
      expect(apply(matrixOf(flippedDown(turn)), x, y)).toEqual([sx, 0 - sy].map((n) => n + 0));
    }
  });

  it("carries its letters along", () => {
    expect(edgeLetters(AXIAL, turned(UPRIGHT, 1))).toEqual({ top: "R", right: "A", bottom: "L", left: "P" });
    expect(edgeLetters(AXIAL, flippedAcross(UPRIGHT))).toEqual({ top: "A", right: "R", bottom: "P", left: "L" });
    expect(edgeLetters(AXIAL, flippedDown(UPRIGHT))).toEqual({ top: "P", right: "L", bottom: "A", left: "R" });
  });

  it("says how it is turned", () => {
    expect(turnText(UPRIGHT)).toBe("");
    expect(turnText({ quarters: 3, flipped: true })).toBe("Turned 270° · Flipped");
    expect(isSideways({ quarters: 3, flipped: true })).toBe(true);
  });
});
