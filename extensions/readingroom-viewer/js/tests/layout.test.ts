import { describe, expect, it } from "vitest";
import { GRIDS, type Layout, SINGLE, activated, arranged, filling, gridOf, gridText, maximised, seen } from "../layout";

const to = (layout: Layout, text: string): Layout => arranged(layout, gridOf(text) ?? SINGLE.grid);
const FOUR = to(SINGLE, "2×2");

describe("a layout", () => {
  it("begins with one viewport, which is active", () => expect([SINGLE.names, SINGLE.active]).toEqual([["main"], "main"]));
  it("has a viewport of its own name for every place", () => {
    for (const grid of GRIDS) expect(new Set(arranged(SINGLE, grid).names).size).toBe(grid.rows * grid.columns);
  });
  it("goes from 1×1 to 3×4", () => expect(GRIDS.map(gridText)).toEqual(["1×1", "1×2", "2×1", "1×3", "2×2", "2×3", "3×3", "3×4"]));
  it("keeps the viewports it has, in their places, when it grows", () => expect(to(FOUR, "2×3").names).toEqual(["main", "2", "3", "4", "5", "6"]));
  it("lets the last viewports go when it shrinks", () => expect(to(FOUR, "1×2").names).toEqual(["main", "2"]));
  it("never lets the active viewport go", () => {
    const third = activated(FOUR, "3");
    expect(to(third, "1×2")).toMatchObject({ names: ["main", "3"], active: "3" });
    expect(to(third, "1×1")).toMatchObject({ names: ["3"], active: "3" });
  });
  it("gives a name that went to the next new viewport", () => expect(to(to(activated(FOUR, "3"), "1×1"), "1×3").names).toEqual(["3", "main", "2"]));
  it("is the same value when nothing changes", () => {
    expect(activated(FOUR, "main")).toBe(FOUR);
    expect(activated(FOUR, "9")).toBe(FOUR);
    expect(maximised(FOUR, false)).toBe(FOUR);
  });
  it("shows the active viewport alone and all again", () => {
    const alone = maximised(activated(FOUR, "4"), true);
    expect(seen(alone)).toEqual(["4"]);
    expect(seen(maximised(alone, false))).toEqual(["main", "2", "3", "4"]);
    expect(seen(to(alone, "1×2"))).toEqual(["main", "4"]);
  });
  it("has nothing to maximise in 1×1", () => expect(maximised(SINGLE, true)).toBe(SINGLE));
  it("forgets what it cannot read", () => expect(["2×2", "9×9", "", null].map(gridOf)).toEqual([{ rows: 2, columns: 2 }, null, null, null]));
});

describe("empty viewports", () => {
  it("are filled with the first series that are not shown yet", () => {
    expect(filling([null, null, null], ["a", "b", "c", "d"])).toEqual(["a", "b", "c"]);
    expect(filling(["b", null, "x", null], ["a", "b", "c"])).toEqual([null, "a", null, "c"]);
  });
  it("stay empty where there is no further series", () => expect(filling(["a", null, null], ["a", "b"])).toEqual([null, "b", null]));
});
