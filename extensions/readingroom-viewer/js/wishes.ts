// The wishes of one viewport by their numbers, asked of the server at most once an animation frame.

import type { Wanted } from "./wanted";

/** Wishes remembered until their picture comes; more than are ever on their way. */
const MOST_WISHES = 64;

export class Wishes {
  /** What the picture shown was asked with; a preview starts from it. */
  shown: Wanted | null = null;
  /** Sends the newest wish; false when there is no connection. */
  readonly #send: () => boolean;
  readonly #known = new Map<number, Wanted>();
  #seq = 0;
  #askedSeq = 0;
  #dueSeq = 0;
  #askScheduled = false;
  #askedThisTurn = false;

  constructor(send: () => boolean) {
    this.#send = send;
  }

  /** The number of the newest wish. */
  get seq(): number {
    return this.#seq;
  }

  /** The number of the last wish that the server was asked for. */
  get asked(): number {
    return this.#askedSeq;
  }

  /** Give a wish its number, from which on a picture with another one is of an earlier state. */
  add(wish: Wanted): void {
    this.#seq += 1;
    this.#known.set(this.#seq, wish);
    if (this.#known.size > MOST_WISHES) this.#known.delete(this.#known.keys().next().value as number);
  }

  /** Ask at most once an animation frame, the first at once; always the newest wish. */
  ask(): void {
    this.#dueSeq = this.#seq;
    if (!this.#askedThisTurn) this.#askNow();
    if (this.#askScheduled) return;
    this.#askScheduled = true;
    requestAnimationFrame(() => {
      this.#askScheduled = false;
      this.#askedThisTurn = false;
      if (this.#askedSeq < this.#dueSeq) this.ask();
    });
  }

  /** The picture of a wish is on the screen. */
  painted(seq: number): void {
    this.shown = this.#known.get(seq) ?? null;
    for (const known of this.#known.keys()) if (known < seq) this.#known.delete(known);
  }

  clear(): void {
    this.#known.clear();
    this.shown = null;
  }

  #askNow(): void {
    if (!this.#send()) return;
    this.#askedThisTurn = true;
    this.#askedSeq = this.#seq;
  }
}
