// When to ask for the wanted picture again: it does not come, it came damaged, or its volume was still filling.

import { type Wanted, sameWanted } from "./wanted";

/** Nothing for so long while something is wanted, and the picture is stalled; after the longer time it is asked for again. */
const OVERDUE_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
/** A volume that is still being loaded is looked at again after this time. */
const FILLING_MS = 300;
/** What came damaged is asked for again at once, and at half the pace each time that it does so again. */
const DAMAGED_MS = 250;
const SLOWEST = 5;

export interface AskingAgainEvents {
  /** Whether a picture is awaited at all. */
  isAwaited(): boolean;
  /** The number of the state now wanted. */
  seq(): number;
  overdue(overdue: boolean): void;
  askAgain(): void;
}

export class AskingAgain {
  readonly #events: AskingAgainEvents;
  #overdue = false;
  #overdueTimer: ReturnType<typeof setTimeout> | undefined;
  #askAgainTimer: ReturnType<typeof setTimeout> | undefined;
  #damaged: Wanted | null = null;
  #tries = 0;

  constructor(events: AskingAgainEvents) {
    this.#events = events;
  }

  /** Something came: the picture is not stalled, and the clock starts again where one is still awaited. */
  answered(): void {
    this.stop();
    this.start();
  }

  stop(): void {
    clearTimeout(this.#overdueTimer);
    clearTimeout(this.#askAgainTimer);
    this.#overdueTimer = this.#askAgainTimer = undefined;
    if (this.#overdue) this.#say(false);
  }

  /** Start the clock unless it runs: later wishes do not put off what the first one waits for. */
  start(): void {
    if (this.#overdueTimer !== undefined || !this.#events.isAwaited()) return;
    this.#overdueTimer = setTimeout(() => this.#say(true), OVERDUE_MS);
    this.#askAgainTimer = setTimeout(() => {
      this.stop();
      this.#events.askAgain();
    }, ASK_AGAIN_MS);
  }

  whenMoreIsThere(): void {
    this.#later(FILLING_MS);
  }

  /** The picture of `wanted` came damaged: tried again for as long as the reader wants it. */
  damaged(wanted: Wanted | null): void {
    if (wanted === null) return;
    if (this.#damaged === null || !sameWanted(this.#damaged, wanted)) this.#tries = 0;
    this.#damaged = wanted;
    this.#later(DAMAGED_MS * 2 ** Math.min(SLOWEST, this.#tries++));
  }

  /** A picture came whole. */
  proved(): void {
    this.#damaged = null;
  }

  /** Unless the reader has moved on by then. */
  #later(after: number): void {
    const seq = this.#events.seq();
    setTimeout(() => {
      if (this.#events.seq() === seq) this.#events.askAgain();
    }, after);
  }

  #say(overdue: boolean): void {
    this.#overdue = overdue;
    this.#events.overdue(overdue);
  }
}
