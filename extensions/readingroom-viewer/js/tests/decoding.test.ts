import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import golden from "../../../../tests/golden/frames.json";
import { Assembly } from "../assembly";
import { hex } from "../fidelity";
import { type PictureMessage, decodeExact, parseFrame } from "../frames";
import { type Arrived, Intake } from "../intake";
import type { Codec, FrameHeader, Strip } from "../messages";
import { decodePng } from "../png";
import { RAMP, exactly, selfTest } from "../selftest";
import { answer, digest, seeded, whole } from "./transit";

const bytes = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
const sha = (pixels: Uint8Array): string => hex(digest(pixels));
const shapeOf = ({ rows, columns, samples }: { rows: number; columns: number; samples: number }) => ({ rows, columns, samples: samples as 1 | 3 });

describe("decoders", () => {
  it.each(golden)("give the server's pixels: $name", async (vector) => {
    expect(sha(await decodeExact(vector.codec as Codec, bytes(vector.data), shapeOf(vector)))).toBe(vector.sha256);
  });

  it.each(golden.filter(({ rows }) => rows === 37))("refuse every cut of $name", async (vector) => {
    const data = bytes(vector.data);
    for (let length = 0; length < data.length - 12; length += 1 + Math.floor(data.length / 40)) {
      await expect((async () => decodeExact(vector.codec as Codec, data.slice(0, length), shapeOf(vector)))()).rejects.toThrow();
    }
  });

  it.each(golden.filter(({ rows }) => rows === 37))("refuse another shape than $name has", async (vector) => {
    for (const shape of [{ rows: 38 }, { rows: 36 }, { columns: 54 }, { samples: 3 }]) {
      await expect((async () => decodeExact(vector.codec as Codec, bytes(vector.data), shapeOf({ ...vector, ...shape })))()).rejects.toThrow();
    }
  });

  it("never take a picture with loss for an exact one", () => {
    expect(() => decodeExact("jpeg", bytes(RAMP.jpeg), { rows: 16, columns: 16, samples: 1 })).toThrow("not exact");
  });
});

describe("PNG", () => {
  const shape = { rows: 4, columns: 3, samples: 1 } as const;
  const file = (lines: Uint8Array, columns = 3, rows = 4): Uint8Array<ArrayBuffer> => {
    const chunk = (name: string, data: Uint8Array) => [0, 0, data.length >> 8, data.length & 255, ...new TextEncoder().encode(name), ...data, 0, 0, 0, 0];
    const head = Uint8Array.from([0, 0, 0, columns, 0, 0, 0, rows, 8, 0, 0, 0, 0]);
    return Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...chunk("IHDR", head), ...chunk("IDAT", deflateSync(lines)), ...chunk("IEND", new Uint8Array(0))]);
  };

  it("adds each row to the one above it, modulo 256", async () => {
    const lines = Uint8Array.from([2, 250, 1, 2, 2, 10, 1, 255, 0, 7, 8, 9, 2, 1, 1, 1]);
    expect([...(await decodePng(file(lines), shape))]).toEqual([250, 1, 2, 4, 2, 1, 7, 8, 9, 8, 9, 10]);
  });
  it("refuses a filter that is not used here", async () => {
    await expect(decodePng(file(Uint8Array.from([0, 1, 2, 3, 4, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0])), shape)).rejects.toThrow("filter");
  });
  it("stops inflating when there is more than the picture", async () => {
    await expect(decodePng(file(new Uint8Array(20_000_000)), shape)).rejects.toThrow("more than its picture");
  });
});

describe("a large picture", () => {
  const ROWS = 120;
  const COLUMNS = 11;
  const random = seeded(5);
  const pixels = Uint8Array.from({ length: ROWS * COLUMNS }, () => whole(random, 256));
  const header = { ...answer({ type: "view", viewport: "main", seq: 7, series_uid: "1", position: 0, window: null, inverted: false, choice: null, presentation_uid: "", overlays: true, reformat: null, moving: false, focus: 0.5, pointed: true }).header, rows: ROWS, columns: COLUMNS, codec: "raw" as const, sha256: sha(pixels) };
  const strips: Strip[] = [[50, 30], [80, 40], [20, 30], [0, 20]].map(([first_row, rows]) => ({ first_row: first_row!, rows: rows! }));
  const part = ({ first_row, rows }: Strip) => pixels.slice(first_row * COLUMNS, (first_row + rows) * COLUMNS);

  const message = (number: number, change: Partial<FrameHeader> = {}): PictureMessage => {
    const strip = strips[number] as Strip;
    const said = number === 0 ? { ...header, strip, ...change } : { type: "strip", viewport: "main", seq: 7, codec: "raw", strip, ...change };
    const head = new TextEncoder().encode(JSON.stringify(said));
    const payload = part(strip);
    const whole = new Uint8Array(36 + head.length + payload.length);
    new DataView(whole.buffer).setUint32(0, head.length, true);
    whole.set(digest(head), 4);
    whole.set(head, 36);
    whole.set(payload, 36 + head.length);
    return parseFrame(whole.buffer);
  };

  const intake = (isCurrent = () => true) => {
    const received: number[] = [];
    return { received, intake: new Intake({ isCurrent, received: (_, strip) => received.push(strip.first_row) }) };
  };

  it("is put together from strips in any order, and hashed as a whole", async () => {
    const { intake: taking, received } = intake();
    const kinds: string[] = [];
    let last: Arrived | null = null;
    for (let number = 0; number < strips.length; number++) {
      last = await taking.take(message(number));
      kinds.push(last?.kind ?? "nothing");
    }
    expect(kinds).toEqual(["part", "part", "part", "exact"]);
    expect(last?.kind === "exact" && last.computed).toBe(sha(pixels));
    expect(received).toEqual([50, 80, 20, 0]);
  });

  it("is never whole while rows are missing", async () => {
    const { intake: taking } = intake();
    for (const number of [0, 1, 3]) expect((await taking.take(message(number)))?.kind).toBe("part");
  });

  it("refuses rows that are there, or beyond it", async () => {
    const assembly = new Assembly(header);
    await assembly.add("raw", { first_row: 0, rows: 20 }, part({ first_row: 0, rows: 20 }));
    await expect(assembly.add("raw", { first_row: 19, rows: 1 }, part({ first_row: 19, rows: 1 }))).rejects.toThrow("twice");
    await expect(assembly.add("raw", { first_row: 110, rows: 11 }, part({ first_row: 0, rows: 11 }))).rejects.toThrow("beyond");
  });

  it("is given up when another picture begins; its late strips are answered and shown nowhere", async () => {
    const { intake: taking, received } = intake();
    await taking.take(message(0));
    await taking.take(message(0, { seq: 8 }));
    expect(await taking.take(message(1))).toBeNull();
    expect(received).toEqual([50, 50, 80]);
  });

  it("is answered and shown nowhere once the reader has moved on", async () => {
    const { intake: taking, received } = intake(() => false);
    expect(await taking.take(message(0))).toBeNull();
    expect(received).toEqual([50]);
  });

  it("is refused when its header was changed on its way", async () => {
    const changed = message(0);
    const { intake: taking } = intake();
    await expect(taking.take({ ...changed, headSha256: hex(digest(new Uint8Array(1))) } as PictureMessage)).rejects.toThrow("changed header");
  });
});

describe("the start-up test", () => {
  it("passes here with every exact codec", async () => {
    expect((await selfTest()).exact).toBe(true);
  });
  it("knows that pictures with loss cannot be shown where the browser reads none", async () => {
    expect((await selfTest()).lossy).toBe(false);
  });
  it("fails when a decoder gives one level wrong", async () => {
    const lz4 = bytes(RAMP.lz4);
    lz4[100]! ^= 1;
    expect(await exactly("lz4", btoa(String.fromCharCode(...lz4)))).toBe(false);
  });
  it("fails when a decoder gives nothing", async () => {
    expect(await exactly("png", "AAAA")).toBe(false);
  });
});
