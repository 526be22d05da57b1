import { describe, expect, it } from "vitest";
import type { Series } from "../messages";
import { SLABS, planeOptions, reformatOf, slabText, slabValue } from "../reformat";
import { opened, placed, reformatted, sameWanted, viewRequest } from "../wanted";

const series = { uid: "1.2", frame_count: 200, frame_time_ms: null } as Series;
const AXIAL = { orientation: [1, 0, 0, 0, 1, 0] };

describe("planes", () => {
  it("are offered where images lie somewhere and there are several", () => {
    expect(planeOptions(series, AXIAL).map(({ value }) => value)).toEqual(["", "axial", "coronal", "sagittal"]);
    expect(planeOptions(series, { orientation: null })).toEqual([]);
    expect(planeOptions({ ...series, frame_count: 1 }, AXIAL)).toEqual([]);
  });
  it("begin in the middle and learn from the picture how many there are", () => {
    const asked = reformatted(opened(series), series, reformatOf("coronal", ""));
    expect(viewRequest(asked, "main", 1).position).toBeNull();
    const known = placed(asked, 117, 233);
    expect([known.anywhere, known.position, known.count]).toEqual([false, 117, 233]);
    expect(sameWanted(asked, known)).toBe(false);
  });
  it("keep their place when only the slab changes, and lead back to the images", () => {
    const coronal = placed(reformatted(opened(series), series, reformatOf("coronal", "")), 100, 233);
    const slab = reformatted(coronal, series, reformatOf("coronal", "10:mip"));
    expect([slab.position, slab.anywhere, slab.reformat?.slab_mm]).toEqual([100, false, 10]);
    expect(reformatted(slab, series, null)).toMatchObject({ reformat: null, count: 200, position: 100 });
  });
});

it("every slab that is offered is understood and named", () => {
  for (const { value } of SLABS.slice(1)) {
    const reformat = reformatOf("axial", value);
    expect(slabValue(reformat)).toBe(value);
    expect(slabText(reformat as NonNullable<typeof reformat>)).toMatch(/^, \d+ mm (MIP|MinIP|mean)$/);
  }
});
