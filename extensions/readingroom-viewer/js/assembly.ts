// A large picture on its way: strips of whole rows, in any order, put together to the pixels that its hash is about.

import { FrameError, decodeExact } from "./frames";
import type { Codec, FrameHeader, Strip } from "./messages";

export class Assembly {
  readonly header: FrameHeader;
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly #there: Uint8Array;
  #missing: number;

  constructor(header: FrameHeader) {
    this.header = header;
    this.pixels = new Uint8Array(header.rows * header.columns * header.samples);
    this.#there = new Uint8Array(header.rows);
    this.#missing = header.rows;
  }

  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Put in one strip and return its pixels; throws `FrameError` for rows that are there already or not of this picture. */
  async add(codec: Codec, { first_row, rows }: Strip, payload: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const { header } = this;
    if (first_row + rows > header.rows) throw new FrameError("A part of a picture reaches beyond it.");
    if (this.#there.subarray(first_row, first_row + rows).some((there) => there === 1)) throw new FrameError("A part of a picture came twice.");
    const pixels = await decodeExact(codec, payload, { rows, columns: header.columns, samples: header.samples });
    this.pixels.set(pixels, first_row * header.columns * header.samples);
    this.#there.fill(1, first_row, first_row + rows);
    this.#missing -= rows;
    return pixels;
  }
}
