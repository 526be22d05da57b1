// One viewport: asks for the wanted picture, checks and paints what comes, and says what may be said about it.

import { h } from "./dom";
import { type FidelityEvent, type FidelityState, START, check, fidelity, next, sha256 } from "./fidelity";
import { FrameError, type FrameMessage, decodePixels } from "./frames";
import { type ViewportElement, writeHooks } from "./hooks";
import { Graphics } from "./graphics";
import type { FrameHeader, Reformat, Request, Series, Window } from "./messages";
import { FITTED, Painter, type Placement, fitted } from "./paint";
import { sameLayout, turnOf } from "./presentation";
import { type Wanted, type WantedChange, answers, changed, opened, placed, reformatted, sameReformat, sameWanted, viewRequest } from "./wanted";

export interface ViewportEvents {
  send(message: Request): boolean;
  /** The reader's wish changed: what Python shares with us follows. */
  wanted(): void;
  /** Anything to be seen changed: picture, placement, fidelity or words. */
  seen(): void;
}

/** A wheel notch or a key counts as an active hand for this long. */
const ACTIVE_MS = 250;
/** A volume that is still being loaded is looked at again after this time. */
const FILLING_MS = 300;
const NO_PIXELS = new Uint8Array(0);

export class Viewport {
  readonly name = "main";
  readonly canvas = h("canvas", { class: "rr-canvas" });
  readonly element: ViewportElement = Object.assign(
    h("div", {
      class: "rr-viewport",
      "data-testid": "viewport",
      "data-fidelity": "stalled",
      "data-display": "review-only",
      tabindex: 0,
      role: "group",
      "aria-label": "Image",
    }),
    { pixels: NO_PIXELS as Uint8Array },
  );
  series: Series | null = null;
  wanted: Wanted | null = null;
  header: FrameHeader | null = null;
  place: Placement = FITTED;
  /** Why the wanted picture could not be shown; empty when all is well. */
  trouble = "";
  /** Why the server closed the connection; empty when it is merely lost. */
  ended = "";
  state: FidelityState = START;
  readonly #events: ViewportEvents;
  readonly #painter = new Painter(this.canvas);
  readonly #graphics = new Graphics();
  readonly #resize: ResizeObserver;
  #seq = 0;
  #askedSeq = 0;
  #askScheduled = false;
  #askedThisTurn = false;
  #askedAgainFor: Wanted | null = null;
  #queue: FrameMessage[] = [];
  #working = false;
  #paintedThisTurn = false;
  #drawScheduled = false;
  #held = false;
  #activeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: ViewportEvents) {
    this.#events = events;
    this.element.append(this.canvas, this.#graphics.element);
    writeHooks(this.element, null, "", NO_PIXELS);
    this.#resize = new ResizeObserver(() => this.#fitCanvas());
    this.#resize.observe(this.element);
  }

  close(): void {
    this.#resize.disconnect();
    clearTimeout(this.#activeTimer);
    this.#queue = [];
    this.clear();
  }

  /** The number of the state that the reader wants. */
  get seq(): number {
    return this.#seq;
  }

  get window(): Window | null {
    return this.wanted?.window ?? this.header?.drag_start ?? null;
  }

  /** Show another series: nothing of the one before stays on the screen under the new one's name. */
  open(series: Series, change: WantedChange = {}): void {
    this.clear();
    this.series = series;
    this.place = FITTED;
    this.#wish(opened(series, change));
  }

  clear(): void {
    this.series = null;
    this.wanted = null;
    this.header = null;
    this.trouble = "";
    this.#painter.clear();
    this.#graphics.update(null, this.place, 0, 0, 1);
    this.#tell({ type: "clear" });
    writeHooks(this.element, null, "", NO_PIXELS);
    this.#events.seen();
  }

  /** Change what is wanted. The badge is no longer "verified" when this returns. */
  want(change: WantedChange): void {
    if (this.wanted === null) return;
    const wish = changed(this.wanted, change);
    if (!sameWanted(wish, this.wanted)) this.#wish(wish);
  }

  /** Look at the series in another plane; null shows its images again. */
  reformat(reformat: Reformat | null): void {
    if (this.wanted === null || this.series === null || sameReformat(reformat, this.wanted.reformat)) return;
    if (reformat?.plane !== this.wanted.reformat?.plane) this.place = FITTED;
    this.#wish(reformatted(this.wanted, this.series, reformat));
  }

  scroll(frames: number): void {
    if (this.wanted !== null) this.want({ position: this.wanted.position + frames });
  }

  moveTo(place: Placement): void {
    this.place = place;
    this.draw();
  }

  /** The reader's hand is at work: until `release`, or for a moment. */
  touch(hold = false): void {
    clearTimeout(this.#activeTimer);
    if (hold) this.#held = true;
    if (!this.state.active) this.#tell({ type: "active", active: true });
    if (!this.#held) this.#activeTimer = setTimeout(() => this.#rest(), ACTIVE_MS);
  }

  release(): void {
    this.#held = false;
    this.touch();
  }

  link(live: boolean, why = ""): void {
    this.ended = why;
    // Asked again first: the picture from before the break is never called verified in between.
    if (live) this.askAgain();
    this.#tell({ type: "link", live });
    this.#events.seen();
  }

  /** Ask for the wanted picture under a new number. */
  askAgain(): void {
    if (this.wanted !== null) this.#wish(this.wanted);
  }

  refused(seq: number | null, words: string): void {
    if (seq !== null && seq < this.#seq) return;
    this.trouble = words;
    this.#events.seen();
  }

  receive(message: FrameMessage): void {
    this.#queue.push(message);
    if (!this.#working) void this.#work();
  }

  draw(): void {
    if (this.#drawScheduled) return;
    this.#drawScheduled = true;
    requestAnimationFrame(() => {
      this.#drawScheduled = false;
      this.#drawNow();
      this.#events.seen();
    });
  }

  #wish(wish: Wanted): void {
    this.wanted = wish;
    this.#seq += 1;
    this.#tell({ type: "want", seq: this.#seq });
    this.#ask();
    this.#events.wanted();
    this.#events.seen();
  }

  /** At most one request an animation frame, the first at once; always the newest state. */
  #ask(): void {
    if (!this.#askedThisTurn) this.#askNow();
    if (this.#askScheduled) return;
    this.#askScheduled = true;
    requestAnimationFrame(() => {
      this.#askScheduled = false;
      this.#askedThisTurn = false;
      if (this.#askedSeq < this.#seq) this.#ask();
    });
  }

  #askNow(): void {
    if (this.wanted === null || !this.#events.send(viewRequest(this.wanted, this.name, this.#seq))) return;
    this.#askedThisTurn = true;
    this.#askedSeq = this.#seq;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      try {
        await this.#take(message);
      } catch (error) {
        this.#acknowledge(message.header, false);
        this.refused(message.header.seq, "This image arrived damaged and is not shown. Scroll on, or try again.");
        console.warn("Reading Room: a frame could not be decoded", error);
        if (message.header.seq === this.#seq) this.#askOnceMore();
      }
    }
    this.#working = false;
  }

  async #take(message: FrameMessage): Promise<void> {
    const { header } = message;
    if (!this.#isCurrent(header)) return this.#acknowledge(header, false);
    const pixels = decodePixels(message);
    const [computed, head] = await Promise.all([sha256(pixels), sha256(message.head)]);
    if (check(head, message.headSha256) === "different") throw new FrameError("A picture arrived with a changed header.");
    if (this.#paintedThisTurn) await animationFrame();
    if (!this.#isCurrent(header)) return this.#acknowledge(header, false);
    if (this.wanted !== null && header.seq === this.#seq && !answers(header, this.wanted)) throw new FrameError("A picture of another state arrived.");
    this.#show(header, pixels, computed);
  }

  #isCurrent(header: FrameHeader): boolean {
    return header.viewport === this.name && header.series_uid === this.wanted?.seriesUid && header.seq <= this.#seq && header.seq >= (this.state.shown?.seq ?? 0);
  }

  #show(header: FrameHeader, pixels: Uint8Array, computed: string | null): void {
    const verdict = check(computed, header.sha256);
    this.#painter.load(header, pixels);
    if (!sameLayout(this.header?.presentation ?? null, header.presentation)) this.place = { ...FITTED, turn: turnOf(header.presentation) };
    this.header = header;
    if (header.seq === this.#seq) this.trouble = "";
    this.#drawNow();
    this.#noteTurn();
    writeHooks(this.element, header, computed ?? "", pixels);
    this.#tell({ type: "paint", seq: header.seq, check: verdict });
    this.#acknowledge(header, verdict === "equal");
    if (verdict === "different") this.#askOnceMore();
    if (this.wanted !== null && header.seq === this.#seq) this.wanted = placed(this.wanted, header.position, Math.max(1, header.count));
    if (header.loaded < 1) this.#askWhenMoreIsThere();
    this.#events.seen();
  }

  /** The volume is still filling: ask for the same plane again, unless the reader has moved on. */
  #askWhenMoreIsThere(): void {
    const shown = this.#seq;
    setTimeout(() => {
      if (this.#seq === shown && this.state.live) this.askAgain();
    }, FILLING_MS);
  }

  #askOnceMore(): void {
    if (this.wanted === null || (this.#askedAgainFor !== null && sameWanted(this.#askedAgainFor, this.wanted))) return;
    this.#askedAgainFor = this.wanted;
    const shown = this.#seq;
    setTimeout(() => {
      if (this.#seq === shown) this.askAgain();
    }, ACTIVE_MS);
  }

  #acknowledge(header: FrameHeader, verified: boolean): void {
    this.#events.send({ type: "painted", viewport: this.name, seq: header.seq, verified });
  }

  #noteTurn(): void {
    this.#paintedThisTurn = true;
    void animationFrame().then(() => {
      this.#paintedThisTurn = false;
    });
  }

  #drawNow(): void {
    if (this.place.fit && this.header !== null) {
      const { width, height } = this.canvas;
      this.place = fitted(this.header, width, height, this.place.turn, this.header.presentation?.area ?? null);
    }
    this.#painter.draw(this.place);
    this.#graphics.update(this.header, this.place, this.canvas.width, this.canvas.height, window.devicePixelRatio || 1);
  }

  #fitCanvas(): void {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(this.element.clientWidth * ratio));
    const height = Math.max(1, Math.round(this.element.clientHeight * ratio));
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.#drawNow();
    this.#events.seen();
  }

  #rest(): void {
    this.#tell({ type: "active", active: false });
    this.#events.seen();
  }

  #tell(event: FidelityEvent): void {
    this.state = next(this.state, event);
    const now = fidelity(this.state);
    if (this.element.dataset.fidelity !== now) this.element.dataset.fidelity = now;
  }
}

/** The next animation frame, or soon where a hidden page has none. */
function animationFrame(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 100);
    requestAnimationFrame(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
