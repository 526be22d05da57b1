// The reading page: rail, tool bar and viewports, and the commands that act on the active one.

import { h } from "./dom";
import { type PictureMessage, isStrip } from "./frames";
import { ViewportGrid } from "./grid";
import type { Command } from "./keys";
import { filling } from "./layout";
import { Menu } from "./menu";
import type { PlacesMessage, PresentationEntry, Reformat, Request, Series, Study, StudyMessage } from "./messages";
import type { Pane } from "./pane";
import { positionFor, presentationOptions } from "./presentation";
import { isChosen } from "./presets";
import { Rail } from "./rail";
import { SLABS, planeOptions, reformatOf, slabValue } from "./reformat";
import { ScrollLink } from "./scroll_link";
import { ToolBar } from "./toolbar";
import { TOOLS, type Tool } from "./tools";
import type { Viewport } from "./viewport";
import type { WantedChange } from "./wanted";

/** What a reader can do where there is no study to be seen. */
export interface Ways {
  again(): void;
  list(): void;
  emergency(): void;
}

type Way = "Open again" | "Study list" | "Open in an emergency";

export class ReadingPage {
  readonly element = h("main", { class: "rr-reading" });
  readonly #dirty = new Set<Pane>();
  readonly #rail = new Rail((series) => this.showSeries(series));
  readonly #toolbar = new ToolBar((command) => this.run(command), (grid) => this.grid.choose(grid));
  readonly #presentation = new Menu("Shown as", "presentation", (uid) => this.#present(uid));
  readonly #plane = new Menu("Plane", "plane", (value) => this.#reformat(reformatOf(value, this.#slabChosen)));
  readonly #slab = new Menu("Slab", "slab", (value) => this.#reformat(reformatOf(this.viewport.wanted?.reformat?.plane ?? "", value)));
  readonly #note = h("div", { class: "rr-state", role: "status", "data-testid": "note", hidden: true });
  readonly #ways: Ways;
  readonly #send: (message: Request) => boolean;
  readonly #together: ScrollLink;
  readonly grid: ViewportGrid;
  study: Study | null = null;
  #series: Series[] = [];
  #presentations: PresentationEntry[] = [];
  #frame: number | undefined;
  #slabChosen = "";
  #tool: Tool = "window";

  constructor(send: (message: Request) => boolean, wanted: () => void, embedded: boolean, ways: Ways) {
    this.#send = send;
    this.#ways = ways;
    this.#together = new ScrollLink(send);
    this.grid = new ViewportGrid(
      {
        send,
        wanted,
        moved: (pane) => this.#together.moved(pane, this.grid.panes),
        seen: (pane) => this.#follow(pane),
        arranged: () => this.#update(),
        grown: () => this.#fill(),
        alone: () => this.element.classList.toggle("rr-maximised"),
        dragged: () => this.#rail.dragged,
        dropped: (series) => this.showSeries(series),
      },
      !embedded,
    );
    const side = h("div", { class: "rr-side" }, this.#rail.element, this.#plane.element, this.#slab.element, this.#presentation.element);
    this.element.append(this.#toolbar.element, side, h("div", { class: "rr-stage" }, this.grid.element, this.#note));
    this.#update();
  }

  /** The active viewport: what Python shares and what keys, tools and menus act on. */
  get viewport(): Viewport {
    return this.grid.active.viewport;
  }

  close(): void {
    this.grid.close();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  focus(): void {
    this.grid.active.focus();
  }

  /** The study is asked for; its series come with `showStudy`. */
  await(study: Study | null): void {
    this.#empty(study);
    this.say("Opening the study…", "");
  }

  /** Take everything of the study off the screen and out of memory, then say why and what can be done. */
  closeStudy(words: string, again: boolean, emergency: boolean): void {
    this.#empty(null);
    this.#update();
    this.say("This study has been closed", words, again ? "Study list" : "Open again", emergency);
  }

  #empty(study: Study | null): void {
    this.study = study;
    this.#series = [];
    this.#presentations = [];
    this.#together.clear();
    this.#rail.clear();
    this.#invite();
    this.grid.clear();
  }

  /** Show a study's first series, one in a viewport; `uid` names the one to begin with, empty for the first with pictures. */
  showStudy({ study, series, presentations }: StudyMessage, uid: string, change: WantedChange): void {
    this.study = study;
    this.#series = series;
    this.#presentations = presentations;
    this.#rail.show(series);
    this.#invite();
    const first = series.find((one) => one.uid === uid && one.frame_count > 0) ?? series.find((one) => one.frame_count > 0);
    if (first === undefined) {
      this.say("This study has no images to show", `${series.length} series of reports or other objects without a picture.`);
      return;
    }
    this.say("", "");
    this.grid.unmaximise();
    this.grid.activate(this.grid.layout.names[0] ?? "");
    this.showSeries(first, change);
    this.#fill();
    this.askThumbnails();
    this.focus();
  }

  /** Show a series in the active viewport. */
  showSeries(series: Series, change: WantedChange = {}): void {
    this.grid.active.open(series, change);
    this.#mark();
  }

  seriesOf(uid: string): Series | undefined {
    return this.#series.find((series) => series.uid === uid);
  }

  askThumbnails(): void {
    for (const series of this.#series) {
      if (series.frame_count > 0) this.#send({ type: "thumbnail", series_uid: series.uid });
    }
  }

  receive(message: PictureMessage): void {
    if (!isStrip(message) && message.header.type === "thumbnail") this.#rail.receive(message);
    else this.grid.viewport(message.header.viewport)?.receive(message);
  }

  receivePlaces(message: PlacesMessage): void {
    this.#together.receive(message);
  }

  refuseStudy(words: string, emergency: boolean): void {
    this.say("This study could not be opened", words, "Open again", emergency);
  }

  /** Do what a key or a button says; false when it is none of the reading page's commands. */
  run(command: Command): boolean {
    const tool = TOOLS.find((one) => one === command);
    if (tool !== undefined) this.#choose(tool);
    else if (command === "maximise") this.grid.maximise();
    else if (command === "layout") this.#toolbar.layouts.toggle();
    else if (command === "together") this.#scrollTogether();
    else return this.grid.active.run(command);
    return true;
  }

  /** Bring the other viewports, or rail and tool bar, back; false when they are there. */
  unmaximise(): boolean {
    const was = this.element.classList.contains("rr-maximised");
    this.element.classList.remove("rr-maximised");
    return this.grid.unmaximise() || was;
  }

  #fill(): void {
    const { panes } = this.grid;
    const shown = panes.map(({ viewport }) => viewport.series?.uid ?? null);
    const uids = this.#series.filter(({ frame_count }) => frame_count > 0).map(({ uid }) => uid);
    filling(shown, uids).forEach((uid, at) => {
      const series = uid === null ? undefined : this.seriesOf(uid);
      if (series !== undefined) panes[at]?.open(series);
    });
    this.#invite();
    this.#mark();
  }

  /** An empty viewport says how to fill it, once there is something to choose. */
  #invite(): void {
    const any = this.#series.some(({ frame_count }) => frame_count > 0);
    for (const pane of this.grid.panes) pane.invite(any ? "Choose a series" : "", any ? "Click one on the left, or drag it here." : "");
  }

  #mark(): void {
    const uids = this.grid.panes.map(({ viewport }) => viewport.series?.uid ?? "");
    this.#rail.mark(this.viewport.series?.uid ?? "", uids);
  }

  #reformat(reformat: Reformat | null): void {
    this.viewport.reformat(reformat);
    this.focus();
  }

  #present(uid: string): void {
    const { wanted } = this.viewport;
    if (wanted === null) return;
    const entry = this.#presentations.find((one) => one.uid === uid);
    this.viewport.want({ presentationUid: uid, window: null, position: positionFor(entry, wanted.seriesUid, wanted.position) });
    this.focus();
  }

  #scrollTogether(): void {
    this.#together.toggle(this.grid.panes);
    this.#update();
  }

  #choose(tool: Tool): void {
    this.#tool = tool;
    this.grid.use(tool);
    this.#update();
  }

  /** Say something in place of the pictures, with what can be done; empty words show them again. */
  say(title: string, words: string, way?: "Open again" | "Study list", emergency = false): void {
    this.#note.hidden = title === "";
    const names: Way[] = way === undefined ? [] : [way, "Study list", ...(emergency ? ["Open in an emergency" as const] : [])];
    const ways = [...new Set(names)].map((name) => this.#way(name));
    this.#note.replaceChildren(h("h2", {}, title), h("p", {}, words), ...(ways.length === 0 ? [] : [h("p", {}, ...ways)]));
  }

  #way(name: Way): HTMLElement {
    const button = h("button", { class: "rr-button", type: "button" }, name);
    const go = { "Open again": this.#ways.again, "Study list": this.#ways.list, "Open in an emergency": this.#ways.emergency }[name];
    button.addEventListener("click", () => go());
    return button;
  }

  /** The badge follows at once; words and tools once a display frame, so that they never hold up a picture. */
  #follow(pane: Pane): void {
    pane.updateBadges();
    this.#dirty.add(pane);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const active = this.#dirty.has(this.grid.active);
      for (const one of this.#dirty) one.update(this.study);
      this.#dirty.clear();
      if (active) this.#updateTools();
    });
  }

  #update(): void {
    for (const pane of this.grid.panes) pane.update(this.study);
    this.#mark();
    this.#updateTools();
  }

  /** Tool bar and menus say what holds in the active viewport. */
  #updateTools(): void {
    const { layout, active } = this.grid;
    const { wanted, header, series } = active.viewport;
    this.#slabChosen = slabValue(wanted?.reformat ?? null);
    this.#plane.update(planeOptions(series, header), wanted?.reformat?.plane ?? "");
    this.#slab.update(wanted?.reformat == null ? [] : SLABS, this.#slabChosen);
    this.#presentation.update(wanted?.reformat != null ? [] : presentationOptions(this.#presentations, series), wanted?.presentationUid ?? "");
    this.#toolbar.update({
      tool: this.#tool,
      presets: active.presets,
      preset: active.presets.find(({ change }) => isChosen(change, wanted))?.key ?? "",
      inverted: wanted?.inverted ?? false,
      overlays: wanted?.overlays ?? true,
      overlayPlanes: header?.overlay_planes ?? 0,
      playing: active.playing,
      canPlay: (wanted?.count ?? 0) > 1,
      grid: layout.grid,
      together: this.#together.on,
    });
  }
}
