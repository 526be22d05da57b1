// The viewports of the reading page in their grid: which there are, which is active, and which the pointer is over.

import { h, setAttribute } from "./dom";
import { type Grid, type Layout, SINGLE, activated, arranged, gridOf, gridText, maximised } from "./layout";
import type { Request, Series } from "./messages";
import { Pane } from "./pane";
import type { Tool } from "./tools";
import type { Viewport } from "./viewport";

export interface GridEvents {
  send(message: Request): boolean;
  /** The picture that is wanted in the active viewport changed, or another viewport is active now. */
  wanted(): void;
  /** Any viewport wants another picture. */
  moved(pane: Pane): void;
  seen(pane: Pane): void;
  /** The viewports, or which of them is active, changed. */
  arranged(): void;
  /** Viewports came: fill them. */
  grown(): void;
  /** A double click where there is one viewport only. */
  alone(): void;
  /** The series that is being dragged, null for none. */
  dragged(): Series | null;
  dropped(series: Series): void;
}

const REMEMBERED = "readingroom.layout";

export class ViewportGrid {
  readonly element = h("div", { class: "rr-grid", "data-testid": "grid" });
  layout: Layout = SINGLE;
  readonly #events: GridEvents;
  /** Every viewport there ever was: one that goes keeps its number, so that the server takes up where it left. */
  readonly #panes = new Map<string, Pane>();
  readonly #remembers: boolean;
  #tool: Tool = "window";
  #over: Pane | null = null;
  #live: { live: boolean; why: string } = { live: false, why: "" };
  #roundTrip = 0;

  /** `remembers` keeps the layout for the browser tab's session; it holds nothing of a study. */
  constructor(events: GridEvents, remembers: boolean) {
    this.#events = events;
    this.#remembers = remembers;
    const known = remembers ? gridOf(recall()) : null;
    this.layout = known === null ? SINGLE : arranged(SINGLE, known);
    this.#arrange();
  }

  get panes(): Pane[] {
    return this.layout.names.map((name) => this.#pane(name));
  }

  get active(): Pane {
    return this.#pane(this.layout.active);
  }

  /** A viewport by its name, also one that is not shown any more: what still comes for it is acknowledged. */
  viewport(name: string): Viewport | undefined {
    return this.#panes.get(name)?.viewport;
  }

  close(): void {
    for (const pane of this.#panes.values()) pane.close();
  }

  clear(): void {
    for (const pane of this.#panes.values()) pane.clear();
  }

  link(live: boolean, why: string): void {
    this.#live = { live, why };
    for (const pane of this.#panes.values()) pane.viewport.link(live, why);
  }

  silent(silent: boolean): void {
    for (const pane of this.#panes.values()) pane.viewport.silent(silent);
  }

  set roundTrip(smallest: number) {
    this.#roundTrip = smallest;
    for (const pane of this.#panes.values()) pane.viewport.roundTrip = smallest;
  }

  draw(): void {
    for (const pane of this.panes) pane.viewport.draw();
  }

  askAgain(): void {
    for (const pane of this.panes) pane.viewport.askAgain();
  }

  use(tool: Tool): void {
    this.#tool = tool;
    for (const pane of this.#panes.values()) pane.use(tool);
  }

  choose(grid: Grid): void {
    const before = this.layout;
    this.layout = arranged(before, grid);
    if (this.#remembers) remember(gridText(grid));
    this.#arrange();
    this.#events.arranged();
    if (this.layout.names.some((name) => !before.names.includes(name))) this.#events.grown();
    this.active.focus();
  }

  /** The active viewport alone, and back; in a layout of one, what the page does instead. */
  maximise(): void {
    if (this.layout.names.length === 1) return this.#events.alone();
    this.#maximise(!this.layout.maximised);
  }

  /** Show all viewports again; false when they are shown. */
  unmaximise(): boolean {
    const was = this.layout.maximised;
    if (was) this.#maximise(false);
    return was;
  }

  activate(name: string): void {
    const before = this.layout;
    this.layout = activated(before, name);
    if (this.layout === before) return;
    this.#mark();
    this.#events.arranged();
    this.#events.wanted();
  }

  #maximise(on: boolean): void {
    this.layout = maximised(this.layout, on);
    if (on) for (const pane of this.panes) if (pane !== this.active) pane.stop();
    this.#arrange();
    this.#events.arranged();
    this.active.focus();
  }

  #arrange(): void {
    const { grid, names, maximised: alone } = this.layout;
    for (const [name, pane] of this.#panes) if (!names.includes(name)) pane.clear();
    const { rows, columns } = alone ? SINGLE.grid : grid;
    this.element.style.gridTemplate = `repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
    setAttribute(this.element, "data-layout", gridText(grid));
    setAttribute(this.element, "data-maximised", alone);
    const elements = this.panes.map(({ element }) => element);
    // Only what changes is moved: an element that is taken out loses the keyboard's focus.
    for (const old of [...this.element.children]) if (!elements.includes(old as HTMLElement)) old.remove();
    elements.forEach((element, at) => {
      if (this.element.children[at] !== element) this.element.insertBefore(element, this.element.children[at] ?? null);
    });
    this.#mark();
  }

  #mark(): void {
    const { panes, active } = this;
    panes.forEach((pane, at) => pane.mark(at + 1, panes.length, pane === active));
    this.#point();
  }

  /** The viewport under the pointer comes first; where the pointer is over none, the active one. */
  #point(): void {
    const first = this.#over !== null && this.layout.names.includes(this.#over.name) ? this.#over : this.active;
    for (const pane of this.#panes.values()) pane.viewport.pointed = pane === first;
  }

  #pane(name: string): Pane {
    const known = this.#panes.get(name);
    if (known !== undefined) return known;
    const pane = this.#made(name);
    this.#panes.set(name, pane);
    pane.use(this.#tool);
    pane.viewport.roundTrip = this.#roundTrip;
    pane.viewport.link(this.#live.live, this.#live.why);
    return pane;
  }

  #made(name: string): Pane {
    const events = this.#events;
    return new Pane(name, {
      send: events.send,
      activated: (pane) => this.activate(pane.name),
      pointed: (pane, over) => {
        this.#over = over ? pane : this.#over === pane ? null : this.#over;
        this.#point();
      },
      maximise: () => this.maximise(),
      wanted: (pane) => {
        events.moved(pane);
        if (pane.name === this.layout.active) events.wanted();
      },
      seen: (pane) => events.seen(pane),
      draggedOver: () => events.dragged() !== null,
      dropped: (pane) => {
        const series = events.dragged();
        this.activate(pane.name);
        if (series !== null) events.dropped(series);
      },
    });
  }
}

function recall(): string | null {
  try {
    return sessionStorage.getItem(REMEMBERED);
  } catch {
    // A browser that keeps nothing begins with one viewport.
    return null;
  }
}

function remember(layout: string): void {
  try {
    sessionStorage.setItem(REMEMBERED, layout);
  } catch {
    // It is then remembered until the page is closed.
  }
}
