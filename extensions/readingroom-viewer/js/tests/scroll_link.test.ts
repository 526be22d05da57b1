import { describe, expect, it } from "vitest";
import { following, placesOf } from "../scroll_link";

const AXIAL = [1, 0, 0, 0, 1, 0];
const stack = (z: number[], orientation = AXIAL, frame = "1.2") => placesOf({ frame_of_reference_uid: frame, orientation, centers: z.map((at) => [5, 5, at] as [number, number, number]) });
const THIN = stack(Array.from({ length: 101 }, (_, index) => index));
const THICK = stack([0, 5, 10, 15, 20]);

describe("viewports that scroll together", () => {
  it("go to the nearest image in millimetres", () => {
    expect([0, 2, 3, 11, 20].map((at) => following(THIN, at, THICK, 0))).toEqual([0, 0, 1, 2, 4]);
    expect([0, 1, 4].map((at) => following(THICK, at, THIN, 0))).toEqual([0, 5, 20]);
  });
  it("follow a stack that is read the other way round", () => expect(following(THICK, 1, stack([20, 15, 10, 5, 0]), 0)).toBe(3));
  it("stay where the other stack does not reach", () => {
    expect(following(THIN, 25, THICK, 2)).toBe(4);
    expect(following(THIN, 26, THICK, 2)).toBeNull();
  });
  it("do not follow into another frame of reference", () => expect(following(THIN, 3, stack([0, 5], AXIAL, "1.3"), 0)).toBeNull());
  it("do not follow across other planes", () => expect(following(THIN, 3, stack([0, 5], [1, 0, 0, 0, 0, -1]), 0)).toBeNull());
  it("follow planes that are a little tilted, by what lies in the middle of the image", () => {
    const tilted = stack([0, 5, 10], [1, 0, 0, 0, Math.cos(0.17), Math.sin(0.17)]);
    expect(following(THICK, 1, tilted, 0)).toBe(1);
    expect(following(THIN, 3, stack([0, 5], [1, 0, 0, 0, Math.cos(0.3), Math.sin(0.3)]), 0)).toBeNull();
  });
  it("stay in their own phase where several images lie in one place", () => {
    const phases = stack([0, 5, 10, 0, 5, 10]);
    expect([0, 4].map((now) => following(THIN, 5, phases, now))).toEqual([1, 4]);
  });
  it("have nowhere to go in a series without places", () => {
    expect(following(THIN, 3, stack([]), 0)).toBeNull();
    expect(following(stack([]), 3, THIN, 0)).toBeNull();
  });
  it("find the one place of a single image only from close by", () => expect([5, 6].map((at) => following(THIN, at, stack([5]), 0))).toEqual([0, null]));
});
