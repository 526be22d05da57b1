// From messages to pictures: takes the messages of one viewport in order, checks their headers, decodes and hashes.

import { Assembly } from "./assembly";
import { coarseness } from "./coarse";
import { check, sha256 } from "./fidelity";
import { FrameError, type PictureMessage, decodeExact, decodeLossy, isStrip } from "./frames";
import type { FrameHeader, Strip } from "./messages";

export type Arrived =
  | { kind: "exact"; header: FrameHeader; pixels: Uint8Array; computed: string | null }
  /** `ratio` is raw bytes to those that came. */
  | { kind: "lossy"; header: FrameHeader; bitmap: ImageBitmap; ratio: number }
  /** Rows of a picture that is still on its way. */
  | { kind: "part"; header: FrameHeader; strip: Strip; pixels: Uint8Array };

export interface IntakeEvents {
  /** Whether the picture could still be shown. */
  isCurrent(header: FrameHeader): boolean;
  /** A strip was taken in, shown or not. */
  received(seq: number, strip: Strip): void;
}

export class Intake {
  readonly #events: IntakeEvents;
  #assembly: Assembly | null = null;

  constructor(events: IntakeEvents) {
    this.#events = events;
  }

  clear(): void {
    this.#assembly = null;
  }

  /** Return what a message gives to show; null for one that came too late. Throws what makes a picture no picture. */
  async take(message: PictureMessage): Promise<Arrived | null> {
    if (isStrip(message)) return this.#add(message, message.header.strip);
    this.#assembly = null;
    const { header, payload } = message;
    if (!this.#events.isCurrent(header)) {
      if (header.strip !== null) this.#events.received(header.seq, header.strip);
      return null;
    }
    if (header.strip !== null) {
      await checkHead(message);
      this.#assembly = new Assembly(header);
      return this.#add(message, header.strip);
    }
    if (header.codec === "jpeg") {
      const [bitmap] = await Promise.all([decodeLossy(payload, header), checkHead(message)]);
      return { kind: "lossy", header, bitmap, ratio: (coarseness(header) * header.rows * header.columns * header.samples) / Math.max(1, payload.length) };
    }
    const decoded = decodeExact(header.codec, payload, header);
    const pixels = decoded instanceof Uint8Array ? decoded : await decoded;
    const [computed] = await Promise.all([sha256(pixels), checkHead(message)]);
    return { kind: "exact", header, pixels, computed };
  }

  async #add({ header: { seq, codec }, payload }: PictureMessage, strip: Strip): Promise<Arrived | null> {
    const assembly = this.#assembly;
    if (assembly === null || assembly.header.seq !== seq || !this.#events.isCurrent(assembly.header)) {
      this.#events.received(seq, strip);
      return null;
    }
    try {
      const pixels = await assembly.add(codec, strip, payload);
      if (!assembly.complete) return { kind: "part", header: assembly.header, strip, pixels };
    } finally {
      this.#events.received(seq, strip);
    }
    this.#assembly = null;
    return { kind: "exact", header: assembly.header, pixels: assembly.pixels, computed: await sha256(assembly.pixels) };
  }
}

/** Throw when a header is not the one that was sent. */
export async function checkHead({ head, headSha256 }: PictureMessage): Promise<void> {
  if (check(await sha256(head), headSha256) === "different") throw new FrameError("A picture arrived with a changed header.");
}
