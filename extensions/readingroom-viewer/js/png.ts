// PNG as `readingroom.pixels.encode` writes it: 8-bit grey or RGB, the filters None and Up. Exact, and never by way of a
// canvas: what a browser draws may be colour-managed, what it inflates is not.

import type { Shape } from "./frames";

export class PngError extends Error {}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const NONE = 0;
const UP = 2;

/** Return the pixels of a PNG file of exactly that shape; throws `PngError` for any other. */
export async function decodePng(file: Uint8Array<ArrayBuffer>, { rows, columns, samples }: Shape): Promise<Uint8Array<ArrayBuffer>> {
  const parts = compressedParts(file, rows, columns, samples);
  const line = columns * samples;
  return unfiltered(await inflated(parts, rows * (line + 1)), rows, line);
}

function compressedParts(file: Uint8Array<ArrayBuffer>, rows: number, columns: number, samples: number): Uint8Array<ArrayBuffer>[] {
  if (SIGNATURE.some((byte, i) => file[i] !== byte)) throw new PngError("This is no PNG file.");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let told = false;
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at);
    const name = view.getUint32(at + 4);
    if (length > file.length - at - 12) throw new PngError("The PNG file ends inside a chunk.");
    const data = file.subarray(at + 8, at + 8 + length);
    if (name === 0x49484452) {
      const said = new DataView(data.buffer, data.byteOffset, data.byteLength);
      const expected = [8, samples === 1 ? 0 : 2, 0, 0, 0];
      told = length === 13 && said.getUint32(0) === columns && said.getUint32(4) === rows && expected.every((byte, i) => data[8 + i] === byte);
      if (!told) throw new PngError("The PNG file holds another picture than its header says.");
    } else if (name === 0x49444154) parts.push(data);
    else if (name === 0x49454e44) break;
    at += 12 + length;
  }
  if (!told || parts.length === 0) throw new PngError("The PNG file holds no picture.");
  return parts;
}

/** Return the `size` bytes that were deflated; stops at the first byte too many, so that nothing can swell. */
async function inflated(parts: Uint8Array<ArrayBuffer>[], size: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const out = new Uint8Array(size);
  let written = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    if (step.value.length > size - written) {
      void reader.cancel();
      throw new PngError("The PNG file holds more than its picture.");
    }
    out.set(step.value, written);
    written += step.value.length;
  }
  if (written !== size) throw new PngError("The PNG file holds less than its picture.");
  return out;
}

function unfiltered(data: Uint8Array<ArrayBuffer>, rows: number, line: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(rows * line);
  for (let row = 0; row < rows; row++) {
    const from = row * (line + 1) + 1;
    const to = row * line;
    const filter = data[from - 1];
    if (filter === NONE || (filter === UP && row === 0)) out.set(data.subarray(from, from + line), to);
    else if (filter === UP) for (let i = 0; i < line; i++) out[to + i] = (data[from + i] as number) + (out[to + i - line] as number);
    else throw new PngError("The PNG file uses a filter that is not used here.");
  }
  return out;
}
