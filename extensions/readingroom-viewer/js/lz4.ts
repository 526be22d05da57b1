// LZ4 block format without a size prefix: the size of the picture is known from its header.

export class Lz4Error extends Error {}

/** Up to so many bytes a loop is faster than a call: most runs in a noisy image are shorter. */
const FEW = 32;

/** Return the `size` bytes that an LZ4 block holds; throws `Lz4Error` for a block that says anything else. */
export function decodeBlock(block: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size);
  let read = 0;
  let written = 0;
  while (read < block.length) {
    const token = block[read++] as number;
    let literals = token >> 4;
    if (literals === 15) [literals, read] = longLength(block, read, literals);
    if (read + literals > block.length || written + literals > size) throw new Lz4Error("The block's literals run past its end.");
    if (literals > FEW) out.set(block.subarray(read, read + literals), written);
    else for (let i = 0; i < literals; i++) out[written + i] = block[read + i] as number;
    read += literals;
    written += literals;
    if (read === block.length) break;

    if (read + 2 > block.length) throw new Lz4Error("The block ends inside an offset.");
    const offset = (block[read] as number) | ((block[read + 1] as number) << 8);
    read += 2;
    let matched = token & 15;
    if (matched === 15) [matched, read] = longLength(block, read, matched);
    matched += 4;
    if (offset === 0 || offset > written) throw new Lz4Error("The block points before its own start.");
    if (written + matched > size) throw new Lz4Error("The block is longer than the picture.");
    copyMatch(out, written, offset, matched);
    written += matched;
  }
  if (written !== size) throw new Lz4Error("The block is shorter than the picture.");
  return out;
}

function longLength(block: Uint8Array, read: number, length: number): [number, number] {
  for (;;) {
    const byte = block[read++];
    if (byte === undefined) throw new Lz4Error("The block ends inside a length.");
    length += byte;
    if (byte !== 255) return [length, read];
  }
}

/** A match may overlap what it writes: a long one is then copied in doubling steps, not byte by byte. */
function copyMatch(out: Uint8Array, written: number, offset: number, length: number): void {
  const start = written - offset;
  if (length <= FEW) {
    for (let i = 0; i < length; i++) out[written + i] = out[start + i] as number;
    return;
  }
  let done = 0;
  while (done < length) {
    const step = Math.min(offset + done, length - done);
    out.copyWithin(written + done, start, start + step);
    done += step;
  }
}
