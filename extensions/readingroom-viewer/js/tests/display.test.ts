import { describe, expect, it } from "vitest";
import { LEVELS, valueOf } from "../display_form";

describe("measured luminances", () => {
  it("are read with a point or a comma, and nothing else is guessed at", () => {
    const typed = ["1.25", "1,25", " 350 ", "0", ".5", "5.", "", "-1", "1e3", "1.2.3", "12 cd", "1,234.5"];
    expect(typed.map((value) => valueOf({ value }))).toEqual([1.25, 1.25, 350, 0, 0.5, 5, null, null, null, null, null, null]);
  });

  it("are those of the driving levels 0 to 255 in steps of 15", () => {
    expect([LEVELS.length, LEVELS[0], LEVELS[1], LEVELS[17]]).toEqual([18, 0, 15, 255]);
  });
});
