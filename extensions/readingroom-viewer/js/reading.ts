// The reading page: rail, tool bar and one viewport, and the commands that act on it.

import { Cine } from "./cine";
import { h } from "./dom";
import { type PictureMessage, isStrip } from "./frames";
import type { Command } from "./keys";
import type { PresentationEntry, Reformat, Request, Series, Study, StudyMessage } from "./messages";
import { Menu } from "./menu";
import { Overlay } from "./overlay";
import { FITTED, zoomedAt } from "./paint";
import { positionFor, presentationOptions, turnOf } from "./presentation";
import { type Preset, isChosen, presetsFor } from "./presets";
import { SLABS, planeOptions, reformatOf, slabValue } from "./reformat";
import { Rail } from "./rail";
import { Slider } from "./slider";
import { ToolBar } from "./toolbar";
import { Hand } from "./tools";
import { type Turn, flippedAcross, flippedDown, turned } from "./turn";
import { Viewport } from "./viewport";
import type { WantedChange } from "./wanted";

export class ReadingPage {
  readonly element = h("main", { class: "rr-reading" });
  readonly viewport: Viewport;
  readonly #overlay = new Overlay();
  readonly #slider: Slider;
  readonly #rail = new Rail((series) => this.showSeries(series));
  readonly #toolbar = new ToolBar((command) => this.run(command));
  readonly #presentation = new Menu("Shown as", "presentation", (uid) => this.#present(uid));
  readonly #plane = new Menu("Plane", "plane", (value) => this.#reformat(reformatOf(value, this.#slabChosen)));
  readonly #slab = new Menu("Slab", "slab", (value) => this.#reformat(reformatOf(this.viewport.wanted?.reformat?.plane ?? "", value)));
  readonly #hand: Hand;
  readonly #cine: Cine;
  readonly #note = h("div", { class: "rr-state", role: "status", hidden: true });
  readonly #send: (message: Request) => boolean;
  study: Study | null = null;
  #series: Series[] = [];
  #presets: Preset[] = [];
  #presentations: PresentationEntry[] = [];
  #frame: number | undefined;
  #slabChosen = "";

  constructor(send: (message: Request) => boolean, wanted: () => void) {
    this.#send = send;
    this.viewport = new Viewport({ send, wanted, seen: () => this.#follow() });
    this.#slider = new Slider(this.viewport);
    this.#cine = new Cine(this.viewport, () => this.#update());
    this.#hand = new Hand(this.viewport, () => this.run("maximise"));
    this.viewport.element.append(this.#overlay.element, this.#slider.element, this.#note);
    const side = h("div", { class: "rr-side" }, this.#rail.element, this.#plane.element, this.#slab.element, this.#presentation.element);
    this.element.append(this.#toolbar.element, side, this.viewport.element);
    this.#update();
  }

  close(): void {
    this.#cine.stop();
    this.viewport.close();
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  /** The study is asked for; its series come with `showStudy`. */
  await(study: Study | null): void {
    this.study = study;
    this.#series = [];
    this.#presentations = [];
    this.#cine.stop();
    this.#rail.clear();
    this.viewport.clear();
    this.say("Opening the study…", "");
  }

  /** Show a study's series; `uid` names the one to begin with, empty for the first with pictures. */
  showStudy({ study, series, presentations }: StudyMessage, uid: string, change: WantedChange): void {
    this.study = study;
    this.#series = series;
    this.#presentations = presentations;
    this.#rail.show(series);
    const first = series.find((one) => one.uid === uid && one.frame_count > 0) ?? series.find((one) => one.frame_count > 0);
    if (first === undefined) {
      this.say("This study has no images to show", `${series.length} series of reports or other objects without a picture.`);
      return;
    }
    this.say("", "");
    this.showSeries(first, change);
    this.askThumbnails();
    this.viewport.element.focus({ preventScroll: true });
  }

  showSeries(series: Series, change: WantedChange = {}): void {
    this.#cine.stop();
    this.viewport.open(series, change);
    this.#rail.mark(series.uid);
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
    else this.viewport.receive(message);
  }

  refuseStudy(words: string): void {
    this.say("This study could not be opened", words);
  }

  /** Do what a key or a button says; false when it is none of the reading page's commands. */
  run(command: Command): boolean {
    const { viewport } = this;
    const preset = /^preset-(\d)$/.exec(command)?.[1];
    if (preset !== undefined) {
      const chosen = this.#presets.find(({ key }) => key === preset);
      if (chosen !== undefined) viewport.want(chosen.change);
      return true;
    }
    const last = (viewport.wanted?.count ?? 1) - 1;
    const actions: Partial<Record<Command, () => void>> = {
      up: () => this.#step(-1),
      down: () => this.#step(1),
      pageUp: () => this.#step(-10),
      pageDown: () => this.#step(10),
      first: () => viewport.want({ position: 0 }),
      last: () => viewport.want({ position: last }),
      overlays: () => viewport.want({ overlays: !(viewport.wanted?.overlays ?? true) }),
      invert: () => viewport.want({ inverted: !(viewport.wanted?.inverted ?? false) }),
      reset: () => this.#reset(),
      fit: () => viewport.moveTo({ ...FITTED, turn: viewport.place.turn }),
      turnRight: () => this.#turn(turned(viewport.place.turn, 1)),
      turnLeft: () => this.#turn(turned(viewport.place.turn, -1)),
      flipAcross: () => this.#turn(flippedAcross(viewport.place.turn)),
      flipDown: () => this.#turn(flippedDown(viewport.place.turn)),
      actual: () => viewport.moveTo({ ...zoomedAt(viewport.place, 1 / viewport.place.zoom, 0, 0), zoom: 1 }),
      cine: () => this.#cine.toggle(),
      maximise: () => this.element.classList.toggle("rr-maximised"),
      window: () => this.#choose("window"),
      zoom: () => this.#choose("zoom"),
      pan: () => this.#choose("pan"),
      scroll: () => this.#choose("scroll"),
    };
    const action = actions[command];
    action?.();
    return action !== undefined;
  }

  /** Bring rail and tool bar back; false when they are there. */
  unmaximise(): boolean {
    const was = this.element.classList.contains("rr-maximised");
    this.element.classList.remove("rr-maximised");
    return was;
  }

  #step(frames: number): void {
    this.viewport.touch();
    this.viewport.scroll(frames);
  }

  #turn(turn: Turn): void {
    this.viewport.moveTo({ ...this.viewport.place, turn });
  }

  #reformat(reformat: Reformat | null): void {
    this.viewport.reformat(reformat);
    this.viewport.element.focus({ preventScroll: true });
  }

  #present(uid: string): void {
    const { wanted } = this.viewport;
    if (wanted === null) return;
    const entry = this.#presentations.find((one) => one.uid === uid);
    this.viewport.want({ presentationUid: uid, window: null, position: positionFor(entry, wanted.seriesUid, wanted.position) });
    this.viewport.element.focus({ preventScroll: true });
  }

  /** As the image, or the presentation state that it is shown with, wants to be seen. */
  #reset(): void {
    this.viewport.moveTo({ ...FITTED, turn: turnOf(this.viewport.header?.presentation ?? null) });
    this.viewport.want({ window: null, inverted: false });
  }

  #choose(tool: Hand["tool"]): void {
    this.#hand.tool = tool;
    this.#update();
  }

  /** Say something in place of a picture; empty words show the picture again. */
  say(title: string, words: string): void {
    this.#note.hidden = title === "";
    this.#note.replaceChildren(h("h2", {}, title), h("p", {}, words));
  }

  /** The badge follows at once; words and tools once a display frame, so that they never hold up a picture. */
  #follow(): void {
    this.#overlay.updateBadges(this.viewport);
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#update();
    });
  }

  #update(): void {
    const { viewport } = this;
    this.#presets = presetsFor(viewport.series?.modality ?? "", viewport.header);
    this.#overlay.update(viewport, this.study);
    this.#slider.update(viewport);
    viewport.canvas.dataset.tool = this.#hand.tool;
    const { wanted, header } = viewport;
    this.#slabChosen = slabValue(wanted?.reformat ?? null);
    this.#plane.update(planeOptions(viewport.series, header), wanted?.reformat?.plane ?? "");
    this.#slab.update(wanted?.reformat == null ? [] : SLABS, this.#slabChosen);
    this.#presentation.update(wanted?.reformat != null ? [] : presentationOptions(this.#presentations, viewport.series), wanted?.presentationUid ?? "");
    this.#toolbar.update({
      tool: this.#hand.tool,
      presets: this.#presets,
      preset: this.#presets.find(({ change }) => isChosen(change, wanted))?.key ?? "",
      inverted: wanted?.inverted ?? false,
      overlays: wanted?.overlays ?? true,
      overlayPlanes: header?.overlay_planes ?? 0,
      playing: this.#cine.playing,
      canPlay: (wanted?.count ?? 0) > 1,
    });
  }
}
