// One viewport: asks for the wanted picture, checks and paints what comes, and says what may be said about it.

import { h } from "./dom";
import { type FidelityEvent, type FidelityState, START, check, fidelity, isAnswered, next } from "./fidelity";
import { FrameError, type PictureMessage } from "./frames";
import { type ViewportElement, writeHooks } from "./hooks";
import { Graphics } from "./graphics";
import { type Arrived, Intake } from "./intake";
import type { FrameHeader, Reformat, Request, Series, Strip, Window } from "./messages";
import { FITTED, Painter, type Placement, fitted, onScreen } from "./paint";
import { sameLayout, turnOf } from "./presentation";
import { PREVIEW_FROM_MS, onlyWindowDiffers, previewTable } from "./preview";
import { selfTest } from "./selftest";
import { type Lane, type Wanted, type WantedChange, answers, changed, opened, placed, reformatted, sameReformat, sameWanted, viewRequest } from "./wanted";

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
/** Nothing for so long while something is wanted, and the picture is stalled; after the longer time it is asked for again. */
const OVERDUE_MS = 1_000;
const ASK_AGAIN_MS = 5_000;
/** Wishes remembered until their picture comes; more than are ever on their way. */
const MOST_WISHES = 64;
const NO_PIXELS = new Uint8Array(0);

export class Viewport {
  readonly name: string;
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
  /** The smallest round trip of the link lately, in milliseconds; 0 before the first. */
  roundTrip = 0;
  readonly #events: ViewportEvents;
  readonly #painter = new Painter(this.canvas);
  readonly #graphics = new Graphics();
  readonly #resize: ResizeObserver;
  #seq = 0;
  #askedSeq = 0;
  #askScheduled = false;
  #askedThisTurn = false;
  #askedAgainFor: Wanted | null = null;
  readonly #intake = new Intake({
    isCurrent: (header) => this.#isCurrent(header),
    received: (seq, strip) => this.#received(seq, strip),
  });
  #queue: { message: PictureMessage; arrived: number }[] = [];
  #arrived = 0;
  #overdueTimer: ReturnType<typeof setTimeout> | undefined;
  #askAgainTimer: ReturnType<typeof setTimeout> | undefined;
  #canMove = false;
  #focus = 0.5;
  /** What the picture shown was asked with; a preview starts from it. */
  #shownWish: Wanted | null = null;
  readonly #wishes = new Map<number, Wanted>();
  #working = false;
  #paintedThisTurn = false;
  #drawScheduled = false;
  #held = false;
  #activeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(events: ViewportEvents, name = "main") {
    this.#events = events;
    this.name = name;
    this.element.append(this.canvas, this.#graphics.element);
    writeHooks(this.element, null, "", NO_PIXELS);
    this.#resize = new ResizeObserver(() => this.#fitCanvas());
    this.#resize.observe(this.element);
    this.canvas.addEventListener("pointermove", (event) => this.#look(event));
    void selfTest().then(({ exact, lossy }) => {
      this.#canMove = lossy;
      this.#tell({ type: "selfTest", passed: exact });
      this.#events.seen();
    });
  }

  close(): void {
    this.#resize.disconnect();
    clearTimeout(this.#activeTimer);
    this.#answered(false);
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
    this.#intake.clear();
    this.#wishes.clear();
    this.#shownWish = null;
    this.#answered(false);
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
    this.#answered(false);
    this.trouble = words;
    this.#events.seen();
  }

  receive(message: PictureMessage): void {
    this.#answered();
    this.#queue.push({ message, arrived: performance.now() });
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
    this.#wishes.set(this.#seq, wish);
    if (this.#wishes.size > MOST_WISHES) this.#wishes.delete(this.#wishes.keys().next().value as number);
    this.#ask();
    this.#awaitAnswer();
    if (this.#previewed() !== null) this.draw();
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
    if (this.wanted === null || !this.#events.send(viewRequest(this.wanted, this.name, this.#seq, this.#lane()))) return;
    this.#askedThisTurn = true;
    this.#askedSeq = this.#seq;
  }

  #lane(): Lane {
    return { moving: this.state.active && this.#canMove, ordered: false, focus: this.#focus };
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { header } = next.message;
      this.#arrived = next.arrived;
      try {
        const picture = await this.#intake.take(next.message);
        if (picture !== null) await this.#take(picture);
        else if (header.type === "frame") this.#acknowledge(header.seq, false);
      } catch (error) {
        this.#acknowledge(header.seq, false);
        this.refused(header.seq, "This image arrived damaged and is not shown. Scroll on, or try again.");
        console.warn("Reading Room: a frame could not be decoded", error);
        if (header.seq === this.#seq) this.#askOnceMore();
      }
    }
    this.#working = false;
  }

  async #take(picture: Arrived): Promise<void> {
    const { header } = picture;
    if (picture.kind === "part") return this.#refine(header, picture.strip, picture.pixels);
    if (this.#paintedThisTurn) await animationFrame();
    if (!this.#isCurrent(header)) return this.#acknowledge(header.seq, false);
    if (this.wanted !== null && header.seq === this.#seq && !answers(header, this.wanted)) throw new FrameError("A picture of another state arrived.");
    this.#show(picture);
  }

  #isCurrent(header: FrameHeader): boolean {
    return header.viewport === this.name && header.series_uid === this.wanted?.seriesUid && header.seq <= this.#seq && header.seq >= (this.state.shown?.seq ?? 0);
  }

  /** Exact rows over the same state shown with loss: what the reader looks at sharpens first. */
  #refine(header: FrameHeader, strip: Strip, pixels: Uint8Array): void {
    if (this.state.shown?.seq !== header.seq || this.state.shown.check !== "lossy") return;
    this.#painter.loadRows(strip.first_row, strip.rows, pixels);
    this.draw();
  }

  #show(picture: Exclude<Arrived, { kind: "part" }>): void {
    const { header } = picture;
    const exact = picture.kind === "exact";
    const verdict = exact ? check(picture.computed, header.sha256) : "lossy";
    if (exact) this.#painter.load(header, picture.pixels);
    else this.#painter.loadBitmap(header, picture.bitmap);
    if (!sameLayout(this.header?.presentation ?? null, header.presentation)) this.place = { ...FITTED, turn: turnOf(header.presentation) };
    this.header = header;
    this.#noteWish(header.seq);
    if (header.seq === this.#seq) this.trouble = "";
    this.#tell({ type: "paint", seq: header.seq, check: verdict, ratio: exact ? 1 : picture.ratio });
    this.#drawNow();
    this.#noteTurn();
    writeHooks(this.element, header, exact ? (picture.computed ?? "") : "", exact ? picture.pixels : NO_PIXELS);
    this.#acknowledge(header.seq, verdict === "equal");
    if (verdict === "different") this.#askOnceMore();
    if (this.wanted !== null && header.seq === this.#seq) this.wanted = placed(this.wanted, header.position, Math.max(1, header.count));
    if (header.loaded < 1) this.#askWhenMoreIsThere();
    this.#answered(!isAnswered(this.state));
    this.#events.seen();
  }

  #noteWish(seq: number): void {
    this.#shownWish = this.#wishes.get(seq) ?? null;
    for (const known of this.#wishes.keys()) if (known < seq) this.#wishes.delete(known);
  }

  /** The table that draws the wanted window from the picture shown, or null where only the server can. */
  #previewed(): Uint8ClampedArray | null {
    const { header, wanted, state } = this;
    if (this.roundTrip < PREVIEW_FROM_MS || header === null || wanted === null || this.#shownWish === null || !state.live) return null;
    if (state.shown === null || state.shown.seq === this.#seq || !onlyWindowDiffers(this.#shownWish, wanted)) return null;
    return previewTable(header, wanted.window);
  }

  /** Something came: the picture is not stalled, and the clock for the next answer starts where one is awaited. */
  #answered(more = true): void {
    clearTimeout(this.#overdueTimer);
    clearTimeout(this.#askAgainTimer);
    this.#overdueTimer = this.#askAgainTimer = undefined;
    if (this.state.overdue) this.#tell({ type: "overdue", overdue: false });
    if (more) this.#awaitAnswer();
  }

  #awaitAnswer(): void {
    if (this.#overdueTimer !== undefined || this.wanted === null || isAnswered(this.state)) return;
    this.#overdueTimer = setTimeout(() => {
      this.#tell({ type: "overdue", overdue: true });
      this.#events.seen();
    }, OVERDUE_MS);
    this.#askAgainTimer = setTimeout(() => {
      this.#answered(false);
      if (this.state.live) this.askAgain();
    }, ASK_AGAIN_MS);
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

  #acknowledge(seq: number, verified: boolean): void {
    const busy = performance.now() - this.#arrived;
    this.#events.send({ type: "painted", viewport: this.name, seq, verified, arrived_ms: this.#arrived, busy_ms: busy });
  }

  #received(seq: number, { first_row }: Strip): void {
    this.#events.send({ type: "received", viewport: this.name, seq, first_row, arrived_ms: this.#arrived });
  }

  /** Where the reader looks, as the share of the picture's rows above the pointer. */
  #look(event: PointerEvent): void {
    if (this.header === null) return;
    const box = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.height / Math.max(1, box.height);
    const place = onScreen(this.header, this.place, this.canvas.width, this.canvas.height);
    const across = (event.clientX - box.left) * ratio;
    const down = (event.clientY - box.top) * ratio;
    const [[x0, y0], [x1, y1]] = [place([0, 0]), place([0, this.header.rows])];
    const along = ((across - x0) * (x1 - x0) + (down - y0) * (y1 - y0)) / Math.max(1, (x1 - x0) ** 2 + (y1 - y0) ** 2);
    this.#focus = Math.min(1, Math.max(0, along));
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
    const table = this.#previewed();
    if (table !== null) {
      this.#painter.preview(table);
      this.#tell({ type: "preview" });
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
