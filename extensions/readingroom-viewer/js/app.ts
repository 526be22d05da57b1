// The page: joins connection, study list, reading page and the state that Python shares.

import { Banner } from "./banner";
import { DisplayPage } from "./display";
import { rememberedDisplay } from "./display_name";
import { CleanUp, h } from "./dom";
import { parseFrame } from "./frames";
import { type Command, KeySheet, commandOf, isTyping } from "./keys";
import type { DisplayMessage, Request, Study, StudyMessage, TextMessage, Window } from "./messages";
import { type Model, ModelSync, type Shared, text } from "./model";
import { ReadingPage } from "./reading";
import { Link } from "./socket";
import { StatusBar } from "./status";
import { StudyList } from "./studies";
import type { WantedChange } from "./wanted";

const INDEXING_MS = 2_000;
const QUIET_MS = 15_000;

export class App {
  readonly element: HTMLElement;
  readonly #cleanUp = new CleanUp();
  readonly #embedded: boolean;
  readonly #sync: ModelSync;
  readonly #banner: Banner;
  readonly #status = new StatusBar();
  readonly #sheet = new KeySheet();
  readonly #list = new StudyList((study) => this.openStudy(study.uid, study));
  readonly #reading: ReadingPage;
  readonly #display = new DisplayPage((message) => this.#send(message), () => this.#showPage());
  /** What the server last said of this display, to ask again for pictures that it changes. */
  #displayKey = "";
  #link: Link | null = null;
  #studies: Study[] = [];
  /** The study that is open or being opened; empty for the list. */
  #open = "";
  /** What Python asked for before there was a picture to apply it to. */
  #start: Shared;
  #arrived = false;
  /** Why the server let the reader out; empty while it has not. */
  #ended = "";
  #askedStudies = 0;

  constructor(model: Model) {
    this.#embedded = model.get("embedded") === true;
    this.#sync = new ModelSync(model, (change) => this.#follow(change));
    this.#start = this.#sync.read();
    this.#banner = new Banner(text(model, "person"), text(model, "role"), text(model, "hub_url"), () => this.#sheet.toggle(), () => this.showList(), () => this.#display.toggle());
    this.#reading = new ReadingPage((message) => this.#send(message), () => this.#share());
    this.element = h("div", { class: `rr${this.#embedded ? " rr-embedded" : ""}`, "data-testid": "readingroom" });
    // JupyterLab would take I, I for "interrupt the kernel" and 0, 0 for "restart" while a reader reads.
    if (this.#embedded) this.element.setAttribute("data-lm-suppress-shortcuts", "true");
    if (!this.#embedded) this.element.append(this.#banner.element);
    this.element.append(this.#list.element, this.#reading.element, this.#display.element, this.#status.element, this.#sheet.element);
    this.#showPage();
    this.#connect(text(model, "socket_url"));
    const moved = () => this.#connect(text(model, "socket_url"));
    model.on("change:socket_url", moved);
    this.#cleanUp.add(() => model.off("change:socket_url", moved));
    this.#listen();
    if (this.#start.study_uid !== "") this.openStudy(this.#start.study_uid, null);
    else if (this.#embedded) this.#reading.say("No study chosen", "Give a study to show it here.");
  }

  close(): void {
    this.#cleanUp.run();
    this.#reading.close();
    this.#display.close();
    this.#link?.close();
    this.#sync.stop();
  }

  openStudy(uid: string, study: Study | null): void {
    this.#open = uid;
    this.#arrived = false;
    const known = study ?? this.#studies.find((one) => one.uid === uid) ?? null;
    this.#reading.await(known);
    this.#banner.showStudy(known);
    this.#banner.back.hidden = false;
    this.#showPage();
    this.#send({ type: "open", study_uid: uid });
    this.#sync.write({ study_uid: uid });
  }

  showList(): void {
    if (this.#embedded || this.#open === "") return;
    this.#open = "";
    this.#start = { ...this.#start, study_uid: "", series_uid: "", window_center: null, window_width: null, inverted: false };
    this.#reading.await(null);
    this.#banner.showStudy(null);
    this.#showPage();
    this.#sync.write({ study_uid: "", series_uid: "", position: 0, window_center: null, window_width: null, inverted: false });
    this.#askStudies();
    this.#list.focus();
  }

  #connect(url: string): void {
    this.#link?.close();
    this.#link = null;
    this.#setLive(false);
    if (url === "") return;
    this.#link = new Link(url, {
      text: (message) => this.#receive(message),
      binary: (message) => this.#receivePicture(message),
      live: (live, why) => this.#setLive(live, why),
      roundTrip: (milliseconds, smallest) => {
        this.#status.showRoundTrip(milliseconds);
        this.#reading.viewport.roundTrip = smallest;
      },
    });
  }

  #listen(): void {
    const keyTarget: EventTarget = this.#embedded ? this.element : document;
    this.#cleanUp.listen(keyTarget, "keydown", (event) => this.#key(event as KeyboardEvent));
    if (!this.#embedded) this.#cleanUp.every(500, () => this.#poll());
  }

  #poll(): void {
    const due = this.#list.indexing ? INDEXING_MS : QUIET_MS;
    if (this.#open === "" && performance.now() - this.#askedStudies >= due) this.#askStudies();
  }

  #askStudies(): void {
    if (!this.#embedded && this.#send({ type: "studies" })) this.#askedStudies = performance.now();
  }

  #send(message: Request): boolean {
    return this.#link?.send(message) ?? false;
  }

  #setLive(live: boolean, why = ""): void {
    this.#ended = live ? "" : why || this.#ended;
    this.#status.showLink(live, this.#link?.failures ?? 0, this.#ended);
    this.#list.link(live, this.#ended);
    if (live) {
      // Said before any picture is asked for, so that the first one is already made for this screen.
      this.#send({ type: "display", display: rememberedDisplay() });
      this.#askStudies();
      if (this.#open !== "") this.#send({ type: "open", study_uid: this.#open });
    }
    this.#reading.viewport.link(live, this.#ended);
    this.#display.link(live, this.#ended);
  }

  #receive(message: TextMessage): void {
    if (message.type === "studies") {
      this.#studies = message.studies;
      this.#banner.showKind(message.kind);
      this.#list.show(message);
    } else if (message.type === "study") {
      this.#receiveStudy(message);
    } else if (message.type === "display") {
      this.#receiveDisplay(message);
    } else if (message.type === "measured") {
      this.#display.receiveMeasured(message);
    } else if (message.type === "error") {
      this.#receiveError(message);
    }
  }

  #receiveDisplay(message: DisplayMessage): void {
    this.#status.showDisplay(message);
    this.#display.receiveState(message);
    const key = `${message.curve} ${message.calibrated}`;
    if (this.#displayKey !== "" && this.#displayKey !== key) this.#reading.viewport.askAgain();
    this.#displayKey = key;
  }

  #receiveStudy(message: StudyMessage): void {
    const { study } = message;
    if (study.uid !== this.#open) return;
    if (this.#arrived) return this.#reading.askThumbnails();
    this.#arrived = true;
    this.#banner.showStudy(study);
    this.#reading.showStudy(message, this.#start.series_uid, this.#startChange());
    this.#start = { ...this.#start, series_uid: "" };
  }

  #receiveError({ message, viewport, seq, study_uid }: Extract<TextMessage, { type: "error" }>): void {
    if (viewport === "display") this.#display.refused(seq, message);
    else if (viewport !== null) this.#reading.viewport.refused(seq, message);
    else if (study_uid !== null && study_uid === this.#open) this.#reading.refuseStudy(message);
    else this.#status.note(message);
  }

  #receivePicture(message: ArrayBuffer): void {
    try {
      const picture = parseFrame(message);
      if (picture.header.viewport === "display") this.#display.receivePicture(picture);
      else this.#reading.receive(picture);
    } catch (error) {
      this.#status.note(error instanceof Error ? error.message : "A picture could not be read.");
    }
  }

  /** What Python gave applies to the study it named, once. */
  #startChange(): WantedChange {
    const start = this.#start;
    if (start.study_uid !== this.#open) return {};
    const window = windowOf(start.window_center, start.window_width, null);
    return { inverted: start.inverted, window, ...(start.position > 0 ? { position: start.position } : {}) };
  }

  #share(): void {
    const { wanted } = this.#reading.viewport;
    if (wanted === null) return;
    this.#sync.write({
      series_uid: wanted.seriesUid,
      position: wanted.position,
      window_center: wanted.window?.center ?? null,
      window_width: wanted.window?.width ?? null,
      inverted: wanted.inverted,
    });
  }

  /** Python changed something: follow, unless it is what is shown already. */
  #follow(change: Partial<Shared>): void {
    const now = this.#sync.read();
    const { viewport } = this.#reading;
    if (change.study_uid !== undefined) {
      if (change.study_uid === this.#open) return;
      this.#start = now;
      if (change.study_uid === "") this.showList();
      else this.openStudy(change.study_uid, null);
      return;
    }
    if (viewport.wanted === null) {
      this.#start = { ...this.#start, ...change };
      return;
    }
    if (change.series_uid !== undefined && change.series_uid !== "" && change.series_uid !== viewport.wanted.seriesUid) {
      const series = this.#reading.seriesOf(change.series_uid);
      if (series !== undefined && series.frame_count > 0) this.#reading.showSeries(series);
    }
    if (change.position !== undefined) viewport.want({ position: change.position });
    if (change.inverted !== undefined) viewport.want({ inverted: change.inverted });
    if (change.window_center !== undefined || change.window_width !== undefined) this.#followWindow(now);
  }

  #followWindow({ window_center, window_width }: Shared): void {
    const { viewport } = this.#reading;
    if (window_center === null && window_width === null) viewport.want({ window: null });
    const window = windowOf(window_center, window_width, viewport.window);
    if (window !== null) viewport.want({ window });
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || isTyping(event)) return;
    const command = commandOf(event);
    if (command === null || !this.#run(command)) return;
    event.preventDefault();
    if (this.#embedded) event.stopPropagation();
  }

  #run(command: Command): boolean {
    if (command === "sheet" || (command === "leave" && this.#sheet.open)) {
      this.#sheet.toggle();
      if (!this.#sheet.open) this.#focusPage();
      return true;
    }
    if (this.#display.isOpen) {
      if (command === "leave") this.#display.toggle();
      return command === "leave";
    }
    if (this.#sheet.open || this.#open === "") return false;
    if (command === "leave") {
      if (this.#reading.unmaximise()) return true;
      this.showList();
      return !this.#embedded;
    }
    return this.#reading.run(command);
  }

  #focusPage(): void {
    if (this.#open === "") this.#list.focus();
    else this.#reading.viewport.element.focus({ preventScroll: true });
  }

  #showPage(): void {
    const reading = this.#open !== "" || this.#embedded;
    const display = this.#display.isOpen;
    this.#list.element.hidden = reading || display;
    this.#reading.element.hidden = !reading || display;
  }
}

/** A window from the two shared numbers; one that is missing is taken from the window shown. */
export function windowOf(center: number | null, width: number | null, shown: Window | null): Window | null {
  if (center === null && width === null) return null;
  const c = center ?? shown?.center;
  const w = width ?? shown?.width;
  if (c === undefined || w === undefined || !(w > 0)) return null;
  return { center: c, width: w, function: shown?.function ?? "LINEAR", explanation: "" };
}
