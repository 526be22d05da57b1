// Whether the reader's hand is at work just now: while a button is held, and for a moment after a wheel notch or a key.

/** A wheel notch or a key counts as an active hand for this long. */
export const ACTIVE_MS = 250;

export class Activity {
  readonly #changed: (active: boolean) => void;
  #active = false;
  #held = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(changed: (active: boolean) => void) {
    this.#changed = changed;
  }

  /** Until `release`, or for a moment. */
  touch(hold = false): void {
    clearTimeout(this.#timer);
    if (hold) this.#held = true;
    this.#set(true);
    if (!this.#held) this.#timer = setTimeout(() => this.#set(false), ACTIVE_MS);
  }

  release(): void {
    this.#held = false;
    this.touch();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #set(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    this.#changed(active);
  }
}
