import { describe, expect, it } from "vitest";
import { sha256 } from "../fidelity";
import { Lz4Error, decodeBlock } from "../lz4";

const bytes = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Made by the reference library (python-lz4, store_size=False): block, size, SHA-256 of the contents. */
const VECTORS: readonly (readonly [name: string, block: string, size: number, sha256: string])[] = [
  ["zeros", "HwABAP///9JQAAAAAAA=", 1000, "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"],
  ["text", "/wVSZWFkaW5nIFJvb20gcmVhZHMuIBQAAWBTaG9ydC4=", 46, "6e901b5b1b49cde4f266e5d8c553ee9c476d26dc4c10da858a48d9eb8e462519"],
  ["literals only", "MGFiYw==", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  [
    "mixed",
    "//8hBwAAAQIDBAYICgwPEhUYHCAkKC0yNzxCSE5UW2JpcHiAiJCZoqu0vsjS3Ofy/QgUICw4RVJfbHqIlqSzwtHg8AAQIDFCU2R2iJqsv9Ll+AwgNEhdcoecssje9AsiOVBogAewyeL7FC5IYnyXss3oBCA8WHWSr8zqCCZEY4KhwOAAIEBhgqPE5ggqTG+Stdj8IERojbLX/CJIbpS74gkwWICo0PkiS3SeyPIcR3KdyPQgTHil0v8sWoi25BNCcaDQADAHkcLzJFaIuuwfUoW47CBUiL3yJ1ySyP40a6LZEEiAuPApYpvUDkiCvPcybajkIFyY1RJPjMoIRoTDAkGAwABAgMECQ4TGCEqMzxJVmNwgZKjtMne8AkiO1BtiqfA4gMgQB6LrNH7IElyneHl6AwD/ElB5enh5eg==",
    600,
    "959eb2ca9166bb22e2e03977bca60048bc42507ca84b5245b7448de4cfea53e9",
  ],
];

describe("decodeBlock", () => {
  it.each(VECTORS)("decodes what the reference library encoded: %s", async (_name, block, size, expected) => {
    expect(await sha256(decodeBlock(bytes(block), size))).toBe(expected);
  });

  it("refuses every truncation of a block", () => {
    for (const [, block, size] of VECTORS) {
      const whole = bytes(block);
      for (let length = 0; length < whole.length; length++) expect(() => decodeBlock(whole.subarray(0, length), size)).toThrow(Lz4Error);
    }
  });

  it("refuses a block that is longer or shorter than the picture", () => {
    expect(() => decodeBlock(bytes("MGFiYw=="), 4)).toThrow(Lz4Error);
    expect(() => decodeBlock(bytes("MGFiYw=="), 2)).toThrow(Lz4Error);
  });

  it("refuses a match that points before the start, or at itself", () => {
    expect(() => decodeBlock(Uint8Array.of(0x10, 65, 2, 0, 0), 20)).toThrow("before its own start");
    expect(() => decodeBlock(Uint8Array.of(0x10, 65, 0, 0, 0), 20)).toThrow("before its own start");
  });

  it("never writes past the picture whatever the bytes", () => {
    let seed = 7;
    const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
    for (let round = 0; round < 2000; round++) {
      const noise = Uint8Array.from({ length: random() % 40 }, () => (random() >> 8) & 255);
      try {
        expect(decodeBlock(noise, 64)).toHaveLength(64);
      } catch (error) {
        expect(error).toBeInstanceOf(Lz4Error);
      }
    }
  });
});
