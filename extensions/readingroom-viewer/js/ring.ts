// The ring: neighbours of the picture shown, decoded and hashed before the reader comes to them. All of one look, which is
// everything wanted but the position; whatever else changes empties it.

import { check, sha256 } from "./fidelity";
import { type FrameMessage, decodeExact } from "./frames";
import { checkHead } from "./intake";
import type { FrameHeader } from "./messages";
import { type Wanted, answers } from "./wanted";

const AHEAD = 10;
const BEHIND = 2;
/** Decoded bytes that a viewport may hold ahead: twelve of them stay below 400 MiB; large pictures have a shorter ring. */
const MOST_BYTES = 32 * 2 ** 20;

/** A picture that is ready to be painted; `computed` is the hash of its decoded pixels, null where none can be computed. */
export interface Held {
  header: FrameHeader;
  pixels: Uint8Array;
  computed: string | null;
}

/** The neighbours of `at`, the nearest first and those the reader comes to before those behind; a loop has no end. */
export function neighbours(at: number, direction: 1 | -1, count: number, loops = false, ahead = AHEAD): number[] {
  const found: number[] = [];
  for (let step = 1; step <= ahead; step++) {
    found.push(at + step * direction);
    if (step <= Math.min(BEHIND, ahead)) found.push(at - step * direction);
  }
  const inside = loops ? found.map((one) => (one + count * ahead) % count) : found.filter((one) => one >= 0 && one < count);
  return [...new Set(inside)].filter((one) => one !== at);
}

export class Ring {
  #look: Wanted | null = null;
  #ahead = AHEAD;
  #at = 0;
  #expected: number[] = [];
  readonly #held = new Map<number, Held>();
  /** Looks with a smaller number are not this one. */
  #from = 0;

  /** Forget everything; only pictures of looks from number `from` on will be taken. */
  drop(from: number): void {
    this.#look = null;
    this.#from = from;
    this.#expected = [];
    this.#held.clear();
  }

  get isEmpty(): boolean {
    return this.#look === null;
  }

  /** Begin, or go on, with the picture that is shown. */
  begin(look: Wanted, shown: Held): void {
    this.#look = look;
    this.#ahead = Math.max(0, Math.min(AHEAD, Math.floor(MOST_BYTES / shown.pixels.length) - BEHIND - 1));
    this.#held.set(shown.header.position, shown);
  }

  /** The reader is at `at` and goes on in `direction`: hold its neighbours, and nothing else. */
  centre(at: number, direction: 1 | -1, loops: boolean): void {
    this.#at = at;
    this.#expected = this.#look === null ? [] : neighbours(at, direction, this.#look.count, loops, this.#ahead);
    for (const held of this.#held.keys()) if (!this.#isExpected(held)) this.#held.delete(held);
  }

  get(position: number): Held | undefined {
    return this.#held.get(position);
  }

  get lacking(): number[] {
    return this.#expected.filter((position) => !this.#held.has(position));
  }

  /** Take what came, if it is what it should be: right in every fact, and its pixels those that the server hashed. */
  async take(message: FrameMessage, asked: number): Promise<"held" | "other" | "recounted"> {
    const look = this.#look;
    const { header, payload } = message;
    if (look === null || !this.#isNeighbour(header, look, asked)) return "other";
    const [pixels] = await Promise.all([decodeExact(header.codec, payload, header), checkHead(message)]);
    const computed = await sha256(pixels);
    if (this.#look !== look || !this.#isExpected(header.position) || check(computed, header.sha256) === "different") return "other";
    if (header.count !== look.count) return "recounted";
    this.#held.set(header.position, { header, pixels, computed });
    return "held";
  }

  #isExpected(position: number): boolean {
    return position === this.#at || this.#expected.includes(position);
  }

  #isNeighbour(header: FrameHeader, look: Wanted, asked: number): boolean {
    const isWhole = header.codec !== "jpeg" && header.strip === null && header.full_size === null && header.loaded === 1;
    const isOfLook = header.seq >= this.#from && header.seq <= asked && answers(header, { ...look, position: header.position });
    return isWhole && isOfLook && this.#isExpected(header.position);
  }
}
