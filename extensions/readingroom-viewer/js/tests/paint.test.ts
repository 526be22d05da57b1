import { beforeAll, describe, expect, it, vi } from "vitest";
import type { FrameHeader } from "../messages";
import { FITTED, Painter } from "../paint";
import { setStage } from "./stage";

beforeAll(setStage);

describe("a picture that has been cleared", () => {
  it("is kept on no canvas, be it seen or hidden, and cannot be drawn again", () => {
    const made = vi.spyOn(document, "createElement");
    const visible = document.createElement("canvas");
    const painter = new Painter(visible);
    painter.load({ rows: 2, columns: 2, samples: 1, pixel_shape: [1, 1], full_size: null } as unknown as FrameHeader, new Uint8Array(4));
    painter.preview(new Uint8ClampedArray(256));
    const hidden = made.mock.results.map(({ value }) => value as HTMLCanvasElement).filter((one) => one !== visible);
    expect(hidden.map(({ width, height }) => [width, height])).toEqual([
      [2, 2],
      [2, 2],
    ]);
    painter.clear();
    painter.draw(FITTED);
    expect(hidden.map(({ width, height }) => [width, height])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});
