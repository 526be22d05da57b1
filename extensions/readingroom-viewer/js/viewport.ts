// One viewport: asks for the wanted picture, checks and paints what comes, and says what may be said about it.

import { Activity } from "./activity";
import { AskingAgain } from "./asking_again";
import { markSeen } from "./coverage";
import { type FidelityEvent, type FidelityState, START, fidelity, isAnswered, next } from "./fidelity";
import { FrameError, type PictureMessage, isStrip } from "./frames";
import { NO_PIXELS, viewportElement, writeHooks } from "./hooks";
import { Inbox } from "./inbox";
import type { Arrived } from "./intake";
import type { FrameHeader, Reformat, Request, Series, Strip, Window } from "./messages";
import type { Placement } from "./paint";
import { previewFrom } from "./preview";
import { Probe } from "./probe";
import { Reports } from "./reports";
import { selfTest } from "./selftest";
import { Surface } from "./surface";
import { type Wanted, type WantedChange, answers, changed, opened, placed, reformatted, sameReformat, sameWanted, viewRequest } from "./wanted";
import { type Verdict, type Whole, isLasting, verdictOn } from "./verdict";
import { Walk } from "./walk";
import { Wishes } from "./wishes";

export interface ViewportEvents {
  send(message: Request): boolean;
  /** The reader's wish changed: what Python shares with us follows. */
  wanted(): void;
  /** Anything to be seen changed: picture, placement, fidelity or words. */
  seen(): void;
}

export class Viewport {
  readonly name: string;
  readonly element = viewportElement();
  series: Series | null = null;
  wanted: Wanted | null = null;
  /** Why the wanted picture could not be shown; empty when all is well. */
  trouble = "";
  /** Why the server closed the connection; empty when it is merely lost. */
  ended = "";
  state: FidelityState = START;
  /** The smallest round trip of the link lately, in milliseconds; 0 before the first. */
  roundTrip = 0;
  /** Whether it comes first of several: the pointer is over it. */
  pointed = true;
  readonly probe = new Probe((message) => this.#events.send(message));
  readonly #events: ViewportEvents;
  readonly #surface = new Surface(this.element, { previewed: () => this.#preview(), drawn: () => this.#events.seen() });
  readonly #wishes = new Wishes(() => this.#ask());
  /** Whether the reader's hand is at work. */
  readonly activity = new Activity((active) => this.#tell({ type: "active", active }, !active));
  readonly #again = new AskingAgain({
    isAwaited: () => this.wanted !== null && !isAnswered(this.state),
    seq: () => this.seq,
    overdue: (overdue) => this.#tell({ type: "overdue", overdue }, true),
    askAgain: () => this.state.live && this.askAgain(),
  });
  readonly #inbox = new Inbox({
    isCurrent: (header) => this.#isCurrent(header),
    received: (seq, strip) => this.#reports.received(seq, strip),
    take: (picture) => this.#take(picture),
    late: (seq) => this.#reports.painted(seq, false),
    damaged: (seq, error) => this.#noteDamage(seq, error),
  });
  readonly #reports: Reports;
  /** From slice to slice. */
  readonly walk: Walk;
  #canMove = false;

  constructor(events: ViewportEvents, name = "main") {
    this.#events = events;
    this.name = name;
    this.element.append(this.probe.element);
    this.#reports = new Reports(name, events.send, () => this.#inbox.arrived);
    this.walk = new Walk(name, {
      wanted: () => this.wanted,
      wish: (wish) => this.#wish(wish, false),
      ask: () => this.#wishes.ask(),
      jump: (position) => this.want({ position }),
      askAgain: () => this.askAgain(),
      seq: () => this.seq,
      asked: () => this.#wishes.asked,
      shown: () => (this.header === null || !this.state.live ? null : { position: this.header.position, seq: this.state.shown?.seq ?? 0 }),
      isFree: () => this.#surface.isFree,
      paint: (seq, held) => this.#show({ kind: "exact", ...held, header: { ...held.header, type: "frame", seq } }, true),
      send: events.send,
    });
    writeHooks(this.element, null, "", NO_PIXELS);
    void selfTest().then(({ exact, lossy }) => {
      this.#canMove = lossy;
      this.#tell({ type: "selfTest", passed: exact }, true);
    });
  }

  close(): void {
    this.#surface.close();
    this.activity.close();
    this.#inbox.close();
    this.clear();
  }

  get canvas(): HTMLCanvasElement {
    return this.#surface.canvas;
  }

  /** Of the picture shown. */
  get header(): FrameHeader | null {
    return this.#surface.header;
  }

  get place(): Placement {
    return this.#surface.place;
  }

  get seq(): number {
    return this.#wishes.seq;
  }

  get window(): Window | null {
    return this.wanted?.window ?? this.header?.drag_start ?? null;
  }

  /** Show another series: nothing of the one before stays on the screen under the new one's name. */
  open(series: Series, change: WantedChange = {}): void {
    this.clear();
    this.series = series;
    this.#surface.reset();
    this.#wish(opened(series, change));
    if (series.frame_count > 1) this.#events.send({ type: "coverage", series_uid: series.uid });
  }

  clear(): void {
    this.series = null;
    this.wanted = null;
    this.trouble = "";
    this.#inbox.clear();
    this.#wishes.clear();
    this.walk.drop(this.seq + 1);
    this.#again.stop();
    this.#surface.clear();
    this.probe.hide();
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
    if (reformat?.plane !== this.wanted.reformat?.plane) this.#surface.reset();
    this.#wish(reformatted(this.wanted, this.series, reformat));
  }

  moveTo(place: Placement): void {
    this.probe.hide();
    this.#surface.moveTo(place);
  }

  link(live: boolean, why = ""): void {
    this.ended = why;
    // Asked again first: the picture from before the break is never called verified in between.
    if (live) this.askAgain();
    else this.walk.drop(this.seq + 1);
    this.#tell({ type: "link", live }, true);
  }

  /** The connection gives no sign of life, or one again: what was asked over it is still to come. */
  silent(silent: boolean): void {
    this.#tell({ type: "link", live: !silent }, true);
    if (!silent) this.#again.start();
  }

  /** Ask for the wanted picture under a new number. */
  askAgain(): void {
    this.walk.drop(this.seq + 1);
    if (this.wanted !== null) this.#wish(this.wanted);
  }

  refused(seq: number | null, words: string): void {
    if (this.wanted === null || (seq !== null && seq < this.seq)) return;
    this.#again.stop();
    this.trouble = words;
    this.#events.seen();
  }

  receive(message: PictureMessage): void {
    this.#again.answered();
    if (!isStrip(message) && message.header.type === "ahead") this.walk.receive(message);
    else this.#inbox.receive(message);
  }

  draw(): void {
    this.#surface.draw();
  }

  /** Want this; what is not asked for will be painted from the ring. */
  #wish(wish: Wanted, asks = true): number {
    const before = this.wanted;
    this.wanted = wish;
    this.#wishes.add(wish);
    this.#tell({ type: "want", seq: this.seq });
    if (asks) this.walk.asks(before, wish, this.seq);
    if (asks) this.#wishes.ask();
    this.#again.start();
    if (this.state.preview || this.#previewTable() !== null) this.draw();
    this.#events.wanted();
    this.#events.seen();
    return this.seq;
  }

  #ask(): boolean {
    if (this.wanted === null) return false;
    const lane = { moving: this.state.active && this.#canMove, focus: this.#surface.focus, pointed: this.pointed };
    return this.#events.send(viewRequest(this.wanted, this.name, this.seq, lane));
  }

  async #take(picture: Arrived): Promise<void> {
    const { header } = picture;
    if (picture.kind === "part") return this.#refine(header, picture.strip, picture.pixels);
    await this.#surface.turn();
    if (!this.#isCurrent(header)) return this.#reports.painted(header.seq, false);
    if (this.wanted !== null && header.seq === this.seq && !answers(header, this.wanted)) throw new FrameError("A picture of another state arrived.");
    this.#show(picture);
  }

  #noteDamage(seq: number, error: unknown): void {
    this.#reports.painted(seq, false);
    this.refused(seq, "This image arrived damaged and is not shown. Scroll on, or try again.");
    console.warn("Reading Room: a frame could not be decoded", error);
    if (seq === this.seq) this.#again.damaged(this.wanted);
  }

  #isCurrent(header: FrameHeader): boolean {
    return header.viewport === this.name && header.series_uid === this.wanted?.seriesUid && header.seq <= this.seq && header.seq >= (this.state.shown?.seq ?? 0);
  }

  /** Exact rows over the same state shown with loss: what the reader looks at sharpens first. */
  #refine(header: FrameHeader, strip: Strip, pixels: Uint8Array): void {
    if (this.state.shown?.seq !== header.seq || this.state.shown.check !== "lossy") return;
    this.#surface.loadRows(strip.first_row, strip.rows, pixels);
  }

  #show(picture: Whole, walked = false): void {
    const verdict = verdictOn(picture);
    const { header, exact } = verdict;
    this.#surface.load(picture, header);
    this.probe.follow(header);
    this.#wishes.painted(header.seq);
    if (header.seq === this.seq) this.trouble = "";
    this.#tell({ type: "paint", seq: header.seq, check: verdict.check, ratio: verdict.ratio });
    this.#surface.drawNow();
    writeHooks(this.element, header, exact?.computed ?? "", exact?.pixels ?? NO_PIXELS);
    this.#report(verdict, walked);
    if (verdict.check === "different") this.#again.damaged(this.wanted);
    else if (verdict.check === "equal") this.#again.proved();
    if (this.wanted !== null && header.seq === this.seq) this.wanted = placed(this.wanted, header.position, Math.max(1, header.count));
    if (header.loaded < 1) this.#again.whenMoreIsThere();
    this.#again.answered();
    if (!walked) this.walk.shown(header.seq, isLasting(verdict) && header.seq === this.seq ? exact : null);
    this.#events.seen();
  }

  #report({ header, check }: Verdict, walked: boolean): void {
    const proved = check === "equal" && this.state.decoder !== "failed";
    if (proved && header.loaded === 1) markSeen(header);
    if (walked) return this.#reports.walked(header.seq, header.position, proved);
    this.#surface.noteTurn();
    this.#reports.painted(header.seq, proved);
  }

  #previewTable(): Uint8ClampedArray | null {
    const { header, wanted, state, roundTrip } = this;
    const isEarlier = state.live && state.shown !== null && state.shown.seq !== this.seq;
    return isEarlier ? previewFrom(header, this.#wishes.shown, wanted, roundTrip) : null;
  }

  #preview(): Uint8ClampedArray | null {
    const table = this.#previewTable();
    if (this.state.preview || table !== null) this.#tell({ type: "preview", drawn: table !== null });
    return table;
  }

  #tell(event: FidelityEvent, isSeen = false): void {
    this.state = next(this.state, event);
    const now = fidelity(this.state);
    if (this.element.dataset.fidelity !== now) this.element.dataset.fidelity = now;
    if (isSeen) this.#events.seen();
  }
}
