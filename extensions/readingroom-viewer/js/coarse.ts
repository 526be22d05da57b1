// While the hand moves, a costly plane comes in fewer and larger pixels. It covers the same rectangle, to the rim.

import type { FrameHeader } from "./messages";

/** Whether a picture is only a stand-in for the one wanted, whatever its codec. */
export function isCoarse({ full_size }: Pick<FrameHeader, "full_size">): boolean {
  return full_size !== null;
}

/** The pixels that the whole picture has for each one that came: 4 for half the rows and columns, 1 for a whole picture. */
export function coarseness({ full_size, rows, columns }: Pick<FrameHeader, "full_size" | "rows" | "columns">): number {
  return full_size === null ? 1 : (full_size[0] * full_size[1]) / (rows * columns);
}

/** The header in pixels of the whole picture, so that placement, zoom and scale stay what they are; it still says that it is coarse. */
export function laidOut(header: FrameHeader): FrameHeader {
  if (header.full_size === null) return header;
  const [rows, columns] = header.full_size;
  const finer = ([down, across]: [number, number]): [number, number] => [(down * header.rows) / rows, (across * header.columns) / columns];
  const spacing = header.spacing === null ? null : finer(header.spacing);
  return { ...header, rows, columns, spacing, pixel_shape: finer(header.pixel_shape), slice_position: firstPixel(header, spacing) };
}

/** The centre of the whole picture's first pixel: half the difference of both sizes from that of the coarse one. */
function firstPixel({ orientation, slice_position, spacing }: FrameHeader, fine: [number, number] | null): number[] | null {
  if (orientation === null || slice_position === null || spacing === null || fine === null) return slice_position;
  const [down, across] = [(spacing[0] - fine[0]) / 2, (spacing[1] - fine[1]) / 2];
  return slice_position.map((at, axis) => at - across * (orientation[axis] ?? 0) - down * (orientation[axis + 3] ?? 0));
}
