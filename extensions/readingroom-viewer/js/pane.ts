// One viewport of the reading page with all that is its own: the words over it, slider, hand, cine and presets.

import { Cine } from "./cine";
import { h, setAttribute, setText } from "./dom";
import type { Command } from "./keys";
import type { Request, Series, Study } from "./messages";
import { Overlay } from "./overlay";
import { FITTED, zoomedAt } from "./paint";
import { turnOf } from "./presentation";
import { type Preset, presetsFor } from "./presets";
import { Slider } from "./slider";
import { Hand, type Tool } from "./tools";
import { type Turn, flippedAcross, flippedDown, turned } from "./turn";
import { Viewport } from "./viewport";
import type { WantedChange } from "./wanted";

export interface PaneEvents {
  send(message: Request): boolean;
  /** The reader turned to this viewport: a press, or the keyboard's focus. */
  activated(pane: Pane): void;
  /** The pointer came over this viewport or left it. */
  pointed(pane: Pane, over: boolean): void;
  maximise(pane: Pane): void;
  wanted(pane: Pane): void;
  seen(pane: Pane): void;
  /** What is dragged over this viewport was dropped on it; false while nothing is dragged that it could show. */
  dropped(pane: Pane): void;
  draggedOver(): boolean;
}

export class Pane {
  readonly viewport: Viewport;
  presets: Preset[] = [];
  readonly #overlay = new Overlay();
  readonly #slider: Slider;
  readonly #hand: Hand;
  readonly #cine: Cine;
  readonly #title = h("h2", {});
  readonly #words = h("p", {});
  readonly #note = h("div", { class: "rr-state", "data-testid": "empty", hidden: true }, this.#title, this.#words);

  constructor(name: string, events: PaneEvents) {
    this.viewport = new Viewport({ send: events.send, wanted: () => events.wanted(this), seen: () => events.seen(this) }, name);
    this.#slider = new Slider(this.viewport);
    this.#cine = new Cine(this.viewport, () => events.seen(this));
    this.#hand = new Hand(this.viewport, () => events.maximise(this));
    this.element.append(this.#overlay.element, this.#slider.element, this.#note);
    this.#listen(events);
  }

  get name(): string {
    return this.viewport.name;
  }

  get element(): HTMLElement {
    return this.viewport.element;
  }

  get playing(): boolean {
    return this.#cine.playing;
  }

  open(series: Series, change: WantedChange = {}): void {
    this.#cine.stop();
    this.viewport.open(series, change);
  }

  clear(): void {
    this.#cine.stop();
    this.viewport.clear();
  }

  stop(): void {
    this.#cine.stop();
  }

  close(): void {
    this.#cine.stop();
    this.viewport.close();
  }

  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  /** Say what to do with an empty viewport; empty words say nothing. */
  invite(title: string, words: string): void {
    setText(this.#title, title);
    setText(this.#words, words);
  }

  use(tool: Tool): void {
    this.#hand.tool = tool;
    this.viewport.canvas.dataset.tool = tool;
  }

  /** Which of how many viewports this is, and whether it is the active one. */
  mark(number: number, of: number, active: boolean): void {
    setAttribute(this.element, "aria-current", String(active));
    const { series } = this.viewport;
    const what = series === null ? "empty" : [series.modality, series.description || series.body_part].filter(Boolean).join(" ");
    setAttribute(this.element, "aria-label", of === 1 ? "Image" : `Viewport ${number} of ${of}, ${what}`);
  }

  /** The badge follows at once, the rest with `update`. */
  updateBadges(): void {
    this.#overlay.updateBadges(this.viewport);
  }

  update(study: Study | null): void {
    const { viewport } = this;
    this.presets = presetsFor(viewport.series?.modality ?? "", viewport.header);
    this.#overlay.update(viewport, study);
    this.#slider.update(viewport);
    const invited = viewport.series === null && this.#title.textContent !== "";
    this.#note.hidden = !invited;
    this.element.classList.toggle("rr-empty", invited);
  }

  /** Do what a key or a button says; false when it is no command for one viewport. */
  run(command: Command): boolean {
    const preset = /^preset-(\d)$/.exec(command)?.[1];
    if (preset !== undefined) {
      const chosen = this.presets.find(({ key }) => key === preset);
      if (chosen !== undefined) this.viewport.want(chosen.change);
      return true;
    }
    const action = this.#actions[command];
    action?.();
    return action !== undefined;
  }

  readonly #actions: Partial<Record<Command, () => void>> = {
    up: () => this.#step(-1),
    down: () => this.#step(1),
    pageUp: () => this.#step(-10),
    pageDown: () => this.#step(10),
    first: () => this.viewport.want({ position: 0 }),
    last: () => this.viewport.want({ position: (this.viewport.wanted?.count ?? 1) - 1 }),
    overlays: () => this.viewport.want({ overlays: !(this.viewport.wanted?.overlays ?? true) }),
    invert: () => this.viewport.want({ inverted: !(this.viewport.wanted?.inverted ?? false) }),
    reset: () => this.#reset(),
    fit: () => this.viewport.moveTo({ ...FITTED, turn: this.viewport.place.turn }),
    turnRight: () => this.#turn(turned(this.viewport.place.turn, 1)),
    turnLeft: () => this.#turn(turned(this.viewport.place.turn, -1)),
    flipAcross: () => this.#turn(flippedAcross(this.viewport.place.turn)),
    flipDown: () => this.#turn(flippedDown(this.viewport.place.turn)),
    actual: () => this.viewport.moveTo({ ...zoomedAt(this.viewport.place, 1 / this.viewport.place.zoom, 0, 0), zoom: 1 }),
    cine: () => this.#cine.toggle(),
  };

  #step(frames: number): void {
    this.viewport.activity.touch();
    this.viewport.walk.by(frames);
  }

  #turn(turn: Turn): void {
    this.viewport.moveTo({ ...this.viewport.place, turn });
  }

  /** As the image, or the presentation state that it is shown with, wants to be seen. */
  #reset(): void {
    this.viewport.moveTo({ ...FITTED, turn: turnOf(this.viewport.header?.presentation ?? null) });
    this.viewport.want({ window: null, inverted: false });
  }

  #listen(events: PaneEvents): void {
    const { element } = this;
    element.addEventListener("focusin", () => events.activated(this));
    element.addEventListener("pointerdown", () => events.activated(this));
    element.addEventListener("pointerenter", () => events.pointed(this, true));
    element.addEventListener("pointerleave", () => events.pointed(this, false));
    const dragged = (event: DragEvent) => {
      if (!events.draggedOver()) return;
      event.preventDefault();
      element.classList.add("rr-drop");
    };
    element.addEventListener("dragenter", dragged);
    element.addEventListener("dragover", dragged);
    element.addEventListener("dragleave", () => element.classList.remove("rr-drop"));
    element.addEventListener("drop", (event) => {
      element.classList.remove("rr-drop");
      if (!events.draggedOver()) return;
      event.preventDefault();
      events.dropped(this);
    });
  }
}
