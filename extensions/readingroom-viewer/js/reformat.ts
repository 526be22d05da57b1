// The planes and slabs that a reader chooses among.

import type { Option } from "./menu";
import type { FrameHeader, Reformat, Series } from "./messages";

const PLANES = ["axial", "coronal", "sagittal"] as const;
const PROJECTIONS = { mip: "MIP", minip: "MinIP", mean: "mean" } as const;
type Projection = keyof typeof PROJECTIONS;

/** Slabs as `mm:projection`; empty is one voxel thick. */
export const SLABS: Option[] = [
  { value: "", label: "Thin", title: "One voxel thick" },
  ...(["5:mip", "10:mip", "20:mip", "5:minip", "10:minip", "5:mean", "10:mean"] as const).map((value) => {
    const [mm, projection] = value.split(":") as [string, Projection];
    return { value, label: `${mm} mm ${PROJECTIONS[projection]}`, title: `${PROJECTIONS[projection]} over ${mm} mm` };
  }),
];

/** The planes of a series: none to choose for a series of one image, or of images that lie nowhere. */
export function planeOptions(series: Series | null, header: Pick<FrameHeader, "orientation"> | null): Option[] {
  if (series === null || series.frame_count < 2 || header?.orientation == null) return [];
  const named = PLANES.map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1), title: "Reformatted from the images" }));
  return [{ value: "", label: "As acquired", title: "The images themselves" }, ...named];
}

export function reformatOf(plane: string, slab: string): Reformat | null {
  const chosen = PLANES.find((one) => one === plane);
  if (chosen === undefined) return null;
  const [mm, projection] = slab.split(":");
  return slab === "" ? { plane: chosen, slab_mm: 0, projection: null } : { plane: chosen, slab_mm: Number(mm), projection: projection as Projection };
}

export function slabValue(reformat: Reformat | null): string {
  return reformat?.projection == null ? "" : `${reformat.slab_mm}:${reformat.projection}`;
}

/** ", 10 mm MIP", empty for a thin plane. */
export function slabText({ slab_mm, projection }: Reformat): string {
  return projection === null ? "" : `, ${slab_mm} mm ${PROJECTIONS[projection]}`;
}
