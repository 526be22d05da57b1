// What can happen to a picture message on its way, and messages to try it on. Everything from a seed.

import { createHash } from "node:crypto";
import { hex } from "../fidelity";
import type { FrameHeader, Strip, StripHeader, ViewRequest } from "../messages";

export type Random = () => number;

/** Mulberry32: a small generator whose whole state is its seed. */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const whole = (random: Random, below: number): number => Math.floor(random() * below);
export const digest = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const utf8 = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A message taken apart; `hash` is the header's, as it was sent. */
export interface Parts {
  header: FrameHeader;
  head: Uint8Array;
  hash: Uint8Array;
  pixels: Uint8Array;
}

export function pack({ head, hash, pixels }: Omit<Parts, "header">): ArrayBuffer {
  const block = literals(pixels);
  const message = new Uint8Array(36 + head.length + block.length);
  new DataView(message.buffer).setUint32(0, head.length, true);
  message.set(hash, 4);
  message.set(head, 36);
  message.set(block, 36 + head.length);
  return message.buffer;
}

/** An LZ4 block of nothing but literals. */
function literals(pixels: Uint8Array): Uint8Array {
  const more = pixels.length - 15;
  const lengths = more < 0 ? [pixels.length << 4] : [0xf0, ...new Array<number>(Math.floor(more / 255)).fill(255), more % 255];
  return Uint8Array.from([...lengths, ...pixels]);
}

const ROWS = 24;
const COLUMNS = 20;

/** The server: the pixels of a state are a function of the state alone, and differ between any two. */
export function answer(request: ViewRequest): Parts {
  const { seq, viewport, ...state } = request;
  const random = seeded(Number.parseInt(hex(digest(utf8(state)).subarray(0, 4)), 16));
  const pixels = Uint8Array.from({ length: ROWS * COLUMNS }, () => whole(random, 256));
  const position = request.position ?? 0;
  const header: FrameHeader = {
    type: "frame", viewport, seq, study_uid: "1.2", series_uid: request.series_uid, sop_uid: `1.2.3.${position}`, frame: 1, position, count: 200,
    rows: ROWS, columns: COLUMNS, samples: 1, codec: "lz4", sha256: hex(digest(pixels)), window: request.window ?? { center: 40, width: 400, function: "LINEAR", explanation: "" },
    choices: [], value_range: [-1000, 3000], inverted: request.inverted, drag_start: { center: 40, width: 400, function: "LINEAR", explanation: "" }, choice: null,
    presentation_uid: request.presentation_uid, presentation: null, overlay_planes: 1, overlays: request.overlays, reformat: request.reformat, loaded: 1, notes: [], source_lossy: "",
    orientation: [1, 0, 0, 0, 1, 0], slice_position: [0, 0, position], spacing: [0.5, 0.5], pixel_shape: [0.5, 0.5], spacing_kind: "patient", strip: null, gray: "up",
    pipeline: "0".repeat(64), display: "review-only", value_step: 1, full_size: null, window_origin: "image",
  };
  return sealed({ header, pixels });
}

/** Write a header and hash it, as the server does. */
export function sealed({ header, pixels }: Pick<Parts, "header" | "pixels">): Parts {
  const head = utf8(header);
  return { header, head, hash: digest(head), pixels };
}

/** A changed header under the hash of the one that was sent. */
function rewritten(parts: Parts, change: Partial<FrameHeader>): Parts {
  return { ...parts, head: utf8({ ...parts.header, ...change }) };
}

function withPixels(parts: Parts, change: (pixels: Uint8Array) => void): Parts {
  const pixels = parts.pixels.slice();
  change(pixels);
  return { ...parts, pixels };
}

/** The true answer and an earlier one of another state; returns what arrives instead of the true one. */
export type Fault = (now: Parts, before: Parts, random: Random) => ArrayBuffer;

const CHANGES: ((header: FrameHeader, random: Random) => Partial<FrameHeader>)[] = [
  ({ position }, random) => ({ position: (position + 1 + whole(random, 190)) % 200 }),
  ({ spacing }, random) => ({ spacing: [spacing![0] + 0.01 + random(), spacing![1]] }),
  (_, random) => ({ sop_uid: `1.2.3.${1000 + whole(random, 1000)}` }),
  ({ window }, random) => ({ window: { ...window!, center: window!.center + 1 + whole(random, 300) } }),
  ({ inverted }) => ({ inverted: !inverted }),
  ({ overlays }) => ({ overlays: !overlays }),
  ({ rows, columns }) => ({ rows: columns, columns: rows }),
  () => ({ rows: ROWS / 3, samples: 3 }),
  (_, random) => ({ sha256: hex(digest(Uint8Array.of(whole(random, 256)))) }),
  () => ({ source_lossy: "12.0" }),
  ({ orientation }) => ({ orientation: orientation!.map((n) => -n) }),
  () => ({ codec: "raw" }),
  () => ({ full_size: [2 * ROWS, 2 * COLUMNS] }),
  (_, random) => ({ notes: [`note ${random()}`] }),
];

export const FAULTS: Record<string, Fault> = {
  "one pixel ±1": (now, _, random) =>
    pack(withPixels(now, (pixels) => {
      const at = whole(random, pixels.length);
      const value = pixels[at] as number;
      pixels[at] = value === 255 || (value > 0 && random() < 0.5) ? value - 1 : value + 1;
    })),
  "two pixels exchanged": (now, _, random) =>
    pack(withPixels(now, (pixels) => {
      const a = whole(random, pixels.length);
      let b = a;
      while (pixels[a] === pixels[b]) b = whole(random, pixels.length);
      [pixels[a], pixels[b]] = [pixels[b] as number, pixels[a] as number];
    })),
  "a lossy codec": (now, _, random) => {
    const step = 2 + whole(random, 30);
    return pack(withPixels(now, (pixels) => pixels.forEach((value, at) => (pixels[at] = Math.min(255, Math.round(value / step) * step)))));
  },
  "another slice's pixels": (now, before) => pack({ ...now, pixels: before.pixels }),
  "another slice's pixels and their hash": (now, before) => pack({ ...rewritten(now, { sha256: before.header.sha256 }), pixels: before.pixels }),
  "an earlier frame": (_, before) => pack(before),
  "an earlier frame under the new number": (now, before) => pack(rewritten(before, { seq: now.header.seq })),
  "an earlier frame that the server numbered anew": (now, before) => pack(sealed({ ...before, header: { ...before.header, seq: now.header.seq } })),
  "a coarse picture in place of the whole one": (now) => {
    const pixels = now.pixels.subarray(0, (ROWS / 2) * COLUMNS);
    return pack(sealed({ header: { ...now.header, rows: ROWS / 2, full_size: [ROWS, COLUMNS], sha256: hex(digest(pixels)) }, pixels }));
  },
  "another viewport's frame": (now) => pack(sealed({ ...now, header: { ...now.header, viewport: "other" } })),
  "a frame from the future": (now, before) => pack(sealed({ ...before, header: { ...before.header, seq: now.header.seq + 1 } })),
  "a changed header": (now, _, random) => pack(rewritten(now, CHANGES[whole(random, CHANGES.length)]!(now.header, random))),
  "flipped bits": (now, _, random) => {
    const bytes = new Uint8Array(pack(now));
    const flipped = new Set(Array.from({ length: 1 + whole(random, 16) }, () => whole(random, bytes.length * 8)));
    for (const bit of flipped) bytes[bit >> 3]! ^= 1 << (bit & 7);
    return bytes.buffer as ArrayBuffer;
  },
  "a cut message": (now, _, random) => {
    const complete = pack(now);
    return complete.slice(0, whole(random, complete.byteLength));
  },
};

/** One message of a picture in strips: the first has the whole header. */
export interface Part extends Omit<Parts, "header"> {
  header: FrameHeader | StripHeader;
}

function stripSealed(header: FrameHeader | StripHeader, pixels: Uint8Array): Part {
  const head = utf8(header);
  return { header, head, hash: digest(head), pixels };
}

/** Cut a picture as the server may: whole rows, two to five strips, in any order. */
export function strips({ header, pixels }: Parts, random: Random): Part[] {
  const rows = ROWS / [2, 3, 4][whole(random, 3)]!;
  const cut: Strip[] = Array.from({ length: ROWS / rows }, (_, number) => ({ first_row: number * rows, rows }));
  cut.sort(() => random() - 0.5);
  return cut.map((strip, number) => {
    const { viewport, seq, codec } = header;
    const part = pixels.subarray(strip.first_row * COLUMNS, (strip.first_row + rows) * COLUMNS);
    return stripSealed(number === 0 ? { ...header, strip } : { type: "strip", viewport, seq, codec, strip }, part);
  });
}

/** What arrives of a picture in strips; `before` is an earlier picture of another state. */
export type StripFault = (now: Part[], before: Parts, random: Random) => Part[];

const changed = (parts: Part[], at: number, part: Part): Part[] => parts.map((one, number) => (number === at ? part : one));
const pick = (parts: Part[], random: Random, from = 0): number => from + whole(random, parts.length - from);

function nudged(part: Part, random: Random): Part {
  const pixels = part.pixels.slice();
  const at = whole(random, pixels.length);
  pixels[at] = pixels[at] === 255 ? 254 : pixels[at]! + 1;
  return { ...part, pixels };
}

export const STRIP_FAULTS: Record<string, StripFault> = {
  "one pixel ±1 in a strip": (now, _, random) => {
    const at = pick(now, random);
    return changed(now, at, nudged(now[at]!, random));
  },
  "the same rows of another picture": (now, before, random) => {
    const at = pick(now, random);
    const { first_row, rows } = now[at]!.header.strip!;
    return changed(now, at, { ...now[at]!, pixels: before.pixels.subarray(first_row * COLUMNS, (first_row + rows) * COLUMNS) });
  },
  "a replayed strip of an earlier picture": (now, before, random) => {
    const at = pick(now, random, 1);
    return changed(now, at, stripSealed({ ...now[at]!.header, seq: before.header.seq } as StripHeader, now[at]!.pixels));
  },
  "a strip that comes twice": (now, _, random) => {
    const at = pick(now, random, 1);
    return changed(now, at, now[at - 1]!);
  },
  "a strip that does not come": (now, _, random) => {
    const at = pick(now, random, 1);
    return now.filter((_one, number) => number !== at);
  },
  "a strip in other rows": (now, _, random) => {
    const at = pick(now, random);
    const part = now[at]!;
    const strip = { ...part.header.strip!, first_row: (part.header.strip!.first_row + 1 + whole(random, ROWS - 1)) % ROWS };
    return changed(now, at, stripSealed({ ...part.header, strip } as StripHeader, part.pixels));
  },
  "two strips exchanged": (now, _, random) => {
    const at = pick(now, random, 1);
    const other = whole(random, at);
    return now.map((part, number) => (number === at ? { ...part, pixels: now[other]!.pixels } : number === other ? { ...part, pixels: now[at]!.pixels } : part));
  },
  "a strip in another codec than it says": (now, _, random) => {
    const at = pick(now, random);
    const codec = (["raw", "png", "jpeg"] as const)[whole(random, 3)]!;
    return changed(now, at, stripSealed({ ...now[at]!.header, codec } as StripHeader, now[at]!.pixels));
  },
  "a strip that lost something": (now, _, random) => {
    const at = pick(now, random);
    const step = 2 + whole(random, 30);
    return changed(now, at, { ...now[at]!, pixels: now[at]!.pixels.map((value) => Math.min(255, Math.round(value / step) * step)) });
  },
  "the head of another picture, numbered anew": (now, before) => {
    const { seq, strip } = now[0]!.header;
    return changed(now, 0, stripSealed({ ...before.header, seq, strip }, now[0]!.pixels));
  },
};
