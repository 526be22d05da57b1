// Scrolling that skips nothing: the reader's steps are painted one after the other from the ring, at most one a display
// frame. What cannot be walked is a jump: the picture is asked for, and what lies between counts as unseen.

import type { FrameMessage } from "./frames";
import type { Request } from "./messages";
import { type Held, Ring } from "./ring";
import { type Wanted, answers, changed, sameWanted } from "./wanted";

/** So many frames at once are no walk. */
const JUMP = 10;
/** A neighbour that takes no longer than this to come is waited for; on a slower link it is asked for as any picture. */
const QUICK_MS = 100;
/** Nothing came for so long while a step waits: the link cannot carry the walk. */
const STARVED_MS = 500;
/** A hand that changes the look, a window drag above all, has the link to itself until it has been still for so long: with
 * neighbours sent in its pauses a trip of 512 by 512 took 18 ms, else 8. Whoever scrolls does not wait for it. */
const CALM_MS = 250;
/** A hand so far ahead of the picture has waited long enough. */
const STALE_MS = 2_000;

export interface WalkEvents {
  wanted(): Wanted | null;
  /** Want this without asking for it; returns its number. */
  wish(wanted: Wanted): number;
  /** Ask for the newest wish. */
  ask(): void;
  /** Ask for a position. */
  jump(position: number): void;
  /** Ask anew: what is held is of another series than the server's. */
  askAgain(): void;
  /** The numbers of the newest wish, and of the last one that was asked for. */
  seq(): number;
  asked(): number;
  /** The position and number of the picture on the screen; null where there is none, or it is not live. */
  shown(): { position: number; seq: number } | null;
  /** Whether this display frame has no picture yet. */
  isFree(): boolean;
  paint(seq: number, held: Held): void;
  send(message: Request): boolean;
}

interface Step {
  seq: number;
  wanted: Wanted;
  at: number;
}

export class Walk {
  readonly #name: string;
  readonly #events: WalkEvents;
  readonly #ring = new Ring();
  #steps: Step[] = [];
  /** The picture that has to be on the screen before the next step is painted. */
  #after = 0;
  #direction: 1 | -1 = 1;
  #loops = false;
  #scheduled = false;
  #refilling = false;
  #asked = "";
  #isQuick = true;
  #askedAt = 0;
  #tookAt = 0;
  #starving: ReturnType<typeof setTimeout> | undefined;
  #calming: ReturnType<typeof setTimeout> | undefined;
  #isNewLook = true;

  constructor(name: string, events: WalkEvents) {
    this.#name = name;
    this.#events = events;
  }

  /** Forget everything; pictures of looks before number `from` will not be taken. */
  drop(from: number): void {
    this.#clearSteps();
    clearTimeout(this.#calming);
    this.#ring.drop(from);
    this.#asked = "";
    this.#isNewLook = true;
  }

  /** Something is asked for under number `seq`: of the same look it is a jump, of another one the ring is of no more use. */
  asks(before: Wanted | null, wanted: Wanted, seq: number): void {
    if (before === null || !sameWanted({ ...before, position: 0 }, { ...wanted, position: 0 })) return this.drop(seq);
    this.#clearSteps();
    if (wanted.position === before.position) return;
    this.#isNewLook = false;
    this.#direction = wanted.position > before.position ? 1 : -1;
  }

  /** A notch, a key or a few pixels of a trackpad: slice by slice; ten at once are a jump. */
  by(frames: number): void {
    const wanted = this.#events.wanted();
    if (wanted === null || (Math.abs(frames) < JUMP && this.#to((from) => from + frames))) return;
    this.#events.jump(wanted.position + frames);
  }

  /** A hand that drags: slice by slice, unless it is too far ahead of the picture. */
  follow(position: number): void {
    if (!this.#to(() => position, JUMP)) this.#events.jump(position);
  }

  /** The next frame of a loop, which goes round at its end. */
  next(): void {
    const wanted = this.#events.wanted();
    if (wanted !== null && !this.#to((from) => from + 1, Infinity, true)) this.#events.jump((wanted.position + 1) % wanted.count);
  }

  /**
   * Go to a position slice by slice; false where it has to be asked for. With `most`, a walk of more steps is none.
   * Turned round before it arrived, a walk goes back from the slice that the reader sees.
   */
  #to(target: (from: number) => number, most = Infinity, loops = false): boolean {
    const wanted = this.#events.wanted();
    if (wanted === null || wanted.anywhere || this.#ring.isEmpty) return false;
    const path = this.#path(wanted, target, loops);
    if (path.length === 0) return true;
    if (path.length + this.#steps.length > most || !this.#isWalkable(path[0] as number)) return false;
    this.#turnTo(loops);
    if (this.#steps.length === 0) this.#awaitNext();
    for (const position of path) {
      const step = changed(this.#events.wanted() ?? wanted, { position });
      const seq = this.#events.wish(step);
      this.#steps.push({ wanted: step, seq, at: performance.now() });
    }
    this.#schedule();
    return true;
  }

  /** A picture that was asked for is on the screen; one that is exact and as wanted begins the ring. */
  shown(seq: number, exact: Held | null): void {
    this.#steps = this.#steps.filter((step) => step.seq > seq);
    const wanted = this.#events.wanted();
    if (this.#steps.length === 0) this.#after = seq;
    if (exact !== null && wanted !== null) {
      this.#ring.begin(wanted, exact);
      this.#surround(exact.header.position);
    }
    this.#schedule();
  }

  /** Fill the ring: at once where the reader came by scrolling, after a moment of calm where the look is a new one. */
  #surround(at: number): void {
    clearTimeout(this.#calming);
    if (!this.#isNewLook || this.#steps.length > 0) return this.#refill(at);
    this.#calming = setTimeout(() => this.#refill(at), CALM_MS);
  }

  receive(message: FrameMessage): void {
    if (message.header.viewport !== this.#name) return;
    this.#ring.take(message, this.#events.asked()).then(
      (what) => this.#took(what),
      (error: unknown) => console.warn("Reading Room: a neighbour could not be decoded", error),
    );
  }

  #took(what: "held" | "other" | "recounted"): void {
    if (what === "recounted") return this.#events.askAgain();
    if (what === "other") return;
    const now = performance.now();
    this.#isQuick = now - Math.max(this.#askedAt, this.#tookAt) < QUICK_MS;
    this.#tookAt = now;
    if (this.#steps.length > 0) this.#awaitNext();
    this.#schedule();
    this.#askAhead();
  }

  #path(wanted: Wanted, target: (from: number) => number, loops: boolean): number[] {
    let from = wanted.position;
    let goal = target(from);
    const shown = this.#events.shown();
    if (this.#steps.length > 0 && Math.sign(goal - from) === -this.#direction && shown?.seq === this.#after) {
      this.#clearSteps();
      from = shown.position;
      goal = target(from);
    } else if (this.#steps.length === 0) {
      this.#after = this.#events.seq();
    }
    if (loops) return [(from + 1) % wanted.count];
    const end = Math.min(wanted.count - 1, Math.max(0, Math.round(goal)));
    if (end !== from) this.#direction = end > from ? 1 : -1;
    if (end === from) return end === wanted.position ? [] : [end];
    return Array.from({ length: Math.abs(end - from) }, (_, step) => from + (step + 1) * this.#direction);
  }

  /** The ring lies before the reader, whichever way that is. */
  #turnTo(loops: boolean): void {
    this.#loops = loops;
    if (loops) this.#direction = 1;
    const shown = this.#events.shown();
    if (this.#steps.length === 0 && shown?.seq === this.#after) this.#refill(shown.position);
  }

  #isWalkable(next: number): boolean {
    return this.#steps.length > 0 || this.#ring.get(next) !== undefined || this.#isQuick;
  }

  /** Paint the next step; called at the beginning of a display frame. */
  #advance(): void {
    const step = this.#steps[0];
    if (step === undefined) return;
    if (performance.now() - step.at > STALE_MS) return this.#jump();
    if (!this.#events.isFree()) return this.#schedule();
    const held = this.#ring.get(step.wanted.position);
    if (held === undefined || this.#events.shown()?.seq !== this.#after) return;
    if (!answers(held.header, step.wanted)) return this.#jump();
    this.#steps.shift();
    this.#after = step.seq;
    this.#events.paint(step.seq, held);
    this.#refill(step.wanted.position);
    if (this.#steps.length === 0) return clearTimeout(this.#starving);
    this.#awaitNext();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#steps.length === 0) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#advance();
    });
  }

  #refill(at: number): void {
    clearTimeout(this.#calming);
    this.#isNewLook = false;
    this.#ring.centre(at, this.#direction, this.#loops);
    this.#askAhead();
  }

  /** Say what the ring lacks, once a display frame: what is not named any more has arrived. */
  #askAhead(): void {
    if (this.#refilling) return;
    this.#refilling = true;
    requestAnimationFrame(() => {
      this.#refilling = false;
      if (this.#ring.isEmpty) return;
      const [look, positions] = [this.#events.asked(), this.#ring.lacking];
      const asked = `${look} ${positions.join()}`;
      if (asked === this.#asked || !this.#events.send({ type: "ahead", viewport: this.#name, look, positions })) return;
      this.#asked = asked;
      this.#askedAt = performance.now();
    });
  }

  #awaitNext(): void {
    clearTimeout(this.#starving);
    this.#starving = setTimeout(() => {
      if (this.#steps.length > 0) this.#jump();
    }, STARVED_MS);
  }

  /** The link cannot carry the walk: the picture wanted is asked for, and what lies between is not seen. */
  #jump(): void {
    this.#clearSteps();
    this.#isQuick = false;
    this.#events.ask();
  }

  #clearSteps(): void {
    clearTimeout(this.#starving);
    this.#steps = [];
  }
}
