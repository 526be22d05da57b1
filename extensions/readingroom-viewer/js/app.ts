// The page: joins connection, study list, reading page and the state that Python shares.

import { Banner } from "./banner";
import { loadCoverage } from "./coverage";
import { DisplayPage } from "./display";
import { rememberedDisplay } from "./display_name";
import { CleanUp, h } from "./dom";
import { parseFrame } from "./frames";
import { type Command, KeySheet, commandOf, isTyping } from "./keys";
import { ScreenLock, awayAddress, emergencyAddress, handedOver, rememberLeft, takeLeft } from "./lock";
import type { ClosedMessage, DisplayMessage, Request, Study, StudyMessage, TextMessage } from "./messages";
import { type Model, ModelSync, type Shared, number, text, windowOf } from "./model";
import { ReadingPage } from "./reading";
import { Link } from "./socket";
import { StatusBar } from "./status";
import { StudyList } from "./studies";
import type { WantedChange } from "./wanted";

const INDEXING_MS = 2_000;
const QUIET_MS = 15_000;
/** A study that was closed for want of an answer is asked for again so often. */
const AGAIN_MS = 2_000;

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
  readonly #lock: ScreenLock;
  readonly #hub: string;
  #leaving = false;
  readonly #person: string;
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
  /** When to ask again for a study that was closed for want of an answer; null for none. */
  #again: number | null = null;

  constructor(model: Model) {
    this.#embedded = model.get("embedded") === true;
    this.#sync = new ModelSync(model, (change) => this.#follow(change));
    this.#start = this.#sync.read();
    this.#hub = text(model, "hub_url");
    this.#person = text(model, "person");
    this.#lock = new ScreenLock(this.#embedded ? 0 : number(model, "lock_minutes"), () => this.#leave("lock", "Locked. Log in again to go on."));
    this.#banner = new Banner(this.#person, text(model, "role"), this.#hub, () => this.#sheet.toggle(), () => this.showList(), () => this.#display.toggle());
    this.#reading = new ReadingPage((message) => this.#send(message), () => this.#share(), this.#embedded, {
      again: () => this.#openAgain(),
      list: () => this.showList(),
      emergency: () => window.location.assign(emergencyAddress(this.#hub, this.#open)),
    });
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
    const left = this.#embedded ? "" : takeLeft(this.#person);
    if (this.#start.study_uid === "" && left !== "") this.openStudy(left, null);
    else if (this.#start.study_uid !== "") this.openStudy(this.#start.study_uid, null);
    else if (this.#embedded) this.#reading.say("No study chosen", "Give a study to show it here.");
  }

  close(): void {
    this.#cleanUp.run();
    this.#lock.close();
    this.#reading.close();
    this.#display.close();
    this.#link?.close();
    this.#sync.stop();
  }

  openStudy(uid: string, study: Study | null): void {
    this.#open = uid;
    this.#arrived = false;
    this.#again = null;
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
    this.#again = null;
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
      silent: (silent) => this.#setSilent(silent),
      roundTrip: (milliseconds, smallest) => {
        this.#status.showRoundTrip(milliseconds);
        this.#reading.grid.roundTrip = smallest;
      },
    });
  }

  #listen(): void {
    const keyTarget: EventTarget = this.#embedded ? this.element : document;
    window.addEventListener("beforeunload", () => (this.#leaving = true), { once: true });
    this.#cleanUp.listen(keyTarget, "keydown", (event) => this.#key(event as KeyboardEvent));
    if (!this.#embedded) this.#cleanUp.every(500, () => this.#poll());
  }

  #poll(): void {
    const due = this.#list.indexing ? INDEXING_MS : QUIET_MS;
    if (this.#open === "" && performance.now() - this.#askedStudies >= due) this.#askStudies();
    if (this.#again !== null && performance.now() >= this.#again) {
      this.#again = performance.now() + AGAIN_MS;
      this.#send({ type: "open", study_uid: this.#open });
    }
  }

  #askStudies(): void {
    if (!this.#embedded && this.#send({ type: "studies" })) this.#askedStudies = performance.now();
  }

  #send(message: Request): boolean {
    return this.#link?.send(message) ?? false;
  }

  /** Leave for the hub with nothing of a patient left on the page, whatever becomes of the way there. */
  #leave(page: "lock" | "login", words: string): void {
    if (this.#open !== "") rememberLeft(this.#person, this.#open);
    this.close();
    this.element.replaceChildren(h("p", { class: "rr-left", role: "status" }, words));
    const here = window.location.href;
    const go = () => {
      // A reader who logs out is on the way already.
      if (!this.#leaving) window.location.replace(awayAddress(this.#hub, page, here));
    };
    if (page === "lock") go();
    else void handedOver(here).then(go);
  }

  #setLive(live: boolean, why = ""): void {
    if (why !== "" && this.#hub !== "") {
      this.#leave("login", why);
      return;
    }
    this.#ended = live ? "" : why || this.#ended;
    this.#status.showLink(live, this.#link?.failures ?? 0, this.#ended);
    this.#list.link(live, this.#ended);
    if (live) {
      // Said before any picture is asked for, so that the first one is already made for this screen.
      this.#send({ type: "display", display: rememberedDisplay() });
      this.#askStudies();
      if (this.#open !== "") this.#send({ type: "open", study_uid: this.#open });
    }
    this.#reading.grid.link(live, this.#ended);
    this.#display.link(live, this.#ended);
  }

  #setSilent(silent: boolean): void {
    this.#status.showLink(!silent, 0, "");
    this.#reading.grid.silent(silent);
    this.#display.silent(silent);
  }

  #receive(message: TextMessage): void {
    if (message.type === "studies") {
      this.#studies = message.studies;
      this.#banner.showKind(message.kind);
      this.#list.show(message);
    } else if (message.type === "study") {
      this.#receiveStudy(message);
    } else if (message.type === "closed") {
      this.#receiveClosed(message);
    } else if (message.type === "coverage") {
      loadCoverage(message);
      this.#reading.grid.draw();
    } else if (message.type === "display") {
      this.#receiveDisplay(message);
    } else if (message.type === "measured") {
      this.#display.receiveMeasured(message);
    } else if (message.type === "readout") {
      this.#reading.grid.viewport(message.viewport)?.probe.receive(message);
    } else if (message.type === "places") {
      this.#reading.receivePlaces(message);
    } else if (message.type === "error") {
      this.#receiveError(message);
    }
  }

  #receiveDisplay(message: DisplayMessage): void {
    this.#status.showDisplay(message);
    this.#display.receiveState(message);
    const key = `${message.curve} ${message.calibrated}`;
    if (this.#displayKey !== "" && this.#displayKey !== key) this.#reading.grid.askAgain();
    this.#displayKey = key;
  }

  #receiveStudy(message: StudyMessage): void {
    const { study } = message;
    if (study.uid !== this.#open) return;
    if (this.#arrived) return this.#reading.askThumbnails();
    this.#arrived = true;
    this.#again = null;
    this.#banner.showStudy(study);
    this.#reading.showStudy(message, this.#start.series_uid, this.#startChange());
    this.#start = { ...this.#start, series_uid: "" };
  }

  /** The study may not be shown any more: it leaves the screen and everything that is kept of it, then the reason is said. */
  #receiveClosed({ study_uid, message, again, emergency }: ClosedMessage): void {
    if (study_uid !== this.#open) return;
    this.#reading.closeStudy(message, again, emergency);
    this.#banner.showStudy(null);
    this.#banner.back.hidden = false;
    this.#start = { ...this.#start, series_uid: "" };
    this.#arrived = false;
    this.#again = again ? performance.now() + AGAIN_MS : null;
  }

  #openAgain(): void {
    const uid = this.#open;
    if (uid !== "") this.openStudy(uid, null);
  }

  #receiveError({ message, viewport, seq, study_uid, emergency }: Extract<TextMessage, { type: "error" }>): void {
    if (viewport === "display") this.#display.refused(seq, message);
    else if (viewport !== null) this.#reading.grid.viewport(viewport)?.refused(seq, message);
    else if (study_uid !== null && study_uid === this.#open) this.#refuse(message, emergency);
    else this.#status.note(message);
  }

  /** A study that is asked for again and again says once why it was closed. */
  #refuse(message: string, emergency: boolean): void {
    if (this.#again === null) this.#reading.refuseStudy(message, emergency);
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

  /** Python shares the active viewport. */
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
    if (change.study_uid !== undefined) {
      if (change.study_uid === this.#open) return;
      this.#start = now;
      if (change.study_uid === "") this.showList();
      else this.openStudy(change.study_uid, null);
      return;
    }
    const { viewport } = this.#reading;
    const series = this.#reading.seriesOf(change.series_uid ?? "");
    if (series !== undefined && series.frame_count > 0 && series.uid !== viewport.wanted?.seriesUid) this.#reading.showSeries(series);
    if (viewport.wanted === null) {
      this.#start = { ...this.#start, ...change };
      return;
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
    else this.#reading.focus();
  }

  #showPage(): void {
    const reading = this.#open !== "" || this.#embedded;
    const display = this.#display.isOpen;
    this.#list.element.hidden = reading || display;
    this.#reading.element.hidden = !reading || display;
  }
}
