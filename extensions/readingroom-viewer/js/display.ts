// The display quality page: a test pattern through the same stream as images, and the measurement of this screen.

import { DisplayForm, type Field, LEVELS } from "./display_form";
import { rememberDisplay, rememberedDisplay } from "./display_name";
import { h, setText } from "./dom";
import { badge, fidelity } from "./fidelity";
import type { PictureMessage } from "./frames";
import type { DisplayMessage, DisplayResult, MeasuredMessage, Request, Series } from "./messages";
import { FITTED } from "./paint";
import { Viewport } from "./viewport";

const NATIVE = "display-quality/native";
const CORRECTED = "display-quality/corrected";
const [QUALITY, DARK, BRIGHT, FIRST_LEVEL] = [0, 1, 2, 3] as const;
const PATTERNS = ["Quality pattern", "Even field, dark", "Even field, bright", ...LEVELS.map((level) => `Level ${level}`)];
const CHECK_MS = 250;
const LOST = "The connection was lost before the measurement was kept. Your numbers are still here: keep them again once it is back, unless they stand below.";
const VERDICTS: Record<DisplayResult, string> = { diagnostic: "● passes", review: "◐ review only", fail: "✕ fails" };
const WORDS =
  "One pattern pixel is one screen pixel. In each square both bars must be seen, and every line pair be even. " +
  "This is not a medical device check: software proves the pixels that were sent, never the light that leaves the screen. " +
  "Measure with a luminance meter, in the room light that you read in, after the screen has warmed up.";

export class DisplayPage {
  readonly element = h("main", { class: "rr-display", "data-testid": "display-page", "aria-label": "Display quality", hidden: true });
  readonly #send: (message: Request) => boolean;
  readonly #shown: () => void;
  readonly #stage = h("div", { class: "rr-display-stage" });
  readonly #badge = h("span", { class: "rr-badge", "data-testid": "display-badge", role: "status" });
  readonly #pattern = h("select", { class: "rr-select", "aria-label": "Pattern" }, ...PATTERNS.map((name, at) => h("option", { value: String(at) }, name)));
  readonly #name = h("input", { class: "rr-input rr-display-name", "aria-label": "Name of this display", maxlength: 60, list: "rr-displays", placeholder: "Name of this display, such as Desk left" });
  readonly #known = h("datalist", { id: "rr-displays" });
  readonly #state = h("p", { class: "rr-display-state", role: "status" });
  readonly #asItIs = radio("As it is", "native");
  readonly #through = radio("Through the correction", "corrected");
  readonly #form = new DisplayForm((field, at) => this.#follow(field, at), () => this.#typed());
  readonly #findings = h("ul", { class: "rr-findings", "aria-live": "polite", "data-testid": "findings" });
  readonly #save = h("button", { class: "rr-button rr-primary", type: "button", "data-testid": "save-display", disabled: true }, "Keep this measurement");
  readonly #note = h("span", { class: "rr-dim", role: "status" });
  readonly #records = h("tbody", {});
  #viewport: Viewport | null = null;
  #live = false;
  /** A measurement was sent to be kept and nobody has said yet that it is; or the connection went meanwhile. */
  #keeping: "" | "sent" | "lost" = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #display: DisplayMessage | null = null;

  constructor(send: (message: Request) => boolean, shown: () => void) {
    this.#send = send;
    this.#shown = shown;
    this.#asItIs.input.checked = true;
    const close = h("button", { class: "rr-button", type: "button", title: "Close · key Esc" }, "Close");
    close.addEventListener("click", () => this.toggle());
    const whole = h("button", { class: "rr-button", type: "button", title: "The pattern on the whole screen, for even fields" }, "Full screen");
    whole.addEventListener("click", () => void this.#stage.requestFullscreen?.());
    const bar = h("div", { class: "rr-toolbar" }, h("h2", {}, "Display quality"), this.#pattern, whole, this.#badge, close);
    const mode = h("fieldset", { class: "rr-modes" }, h("legend", {}, "The screen is measured"), this.#asItIs.label, this.#through.label);
    const head = h("thead", {}, h("tr", {}, ...["Measured", "How", "Result", "Contrast", "Brightest", "Holds until"].map((name) => h("th", { scope: "col" }, name))));
    const side = h("div", { class: "rr-display-side" },
      h("label", { class: "rr-display-who" }, h("span", {}, "Display"), this.#name), this.#known, this.#state,
      h("p", { class: "rr-dim rr-display-words" }, WORDS), mode, this.#form.element,
      h("h3", {}, "Check"), this.#findings, h("div", { class: "rr-display-save" }, this.#save, this.#note),
      h("h3", {}, "Earlier measurements"), h("table", { class: "rr-records" }, head, this.#records));
    this.element.append(bar, this.#stage, side);
    this.#listen();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  toggle(): void {
    this.element.hidden = !this.element.hidden;
    if (this.isOpen) this.#open();
    else this.#leave();
    this.#shown();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#viewport?.close();
  }

  link(live: boolean, why: string): void {
    this.#live = live;
    this.#viewport?.link(live, why);
    if (!live && this.#keeping === "sent") this.#noteKeeping("lost");
  }

  silent(silent: boolean): void {
    this.#viewport?.silent(silent);
  }

  receivePicture(message: PictureMessage): void {
    this.#viewport?.receive(message);
  }

  refused(seq: number | null, words: string): void {
    this.#viewport?.refused(seq, words);
    setText(this.#note, words);
  }

  receiveState(message: DisplayMessage): void {
    const changed = this.#display?.curve !== message.curve;
    this.#display = message;
    this.#name.value = message.display;
    this.#known.replaceChildren(...message.displays.map((name) => h("option", { value: name })));
    setText(this.#state, `${message.calibrated ? "◆" : "◇"} ${message.words}`);
    this.#state.dataset.calibrated = String(message.calibrated);
    this.#through.input.disabled = message.curve === "";
    if (message.curve === "" && this.#through.input.checked) this.#choose(this.#asItIs);
    else if (changed) this.#viewport?.askAgain();
    this.#records.replaceChildren(...message.records.map((one) =>
      h("tr", {}, ...[one.measured, one.corrected ? "through correction" : "as it is", VERDICTS[one.result], one.contrast, `${one.brightest.toFixed(0)} cd/m²`, one.expires].map((text) => h("td", {}, text)))));
    this.#update();
  }

  receiveMeasured(message: MeasuredMessage): void {
    this.#form.showSteps(message.steps);
    this.#findings.replaceChildren(...message.findings.map(({ name, value, limit, verdict }) =>
      h("li", { "data-verdict": verdict }, h("span", {}, name), h("strong", {}, value), h("span", { class: "rr-dim" }, limit), h("span", { class: "rr-verdict" }, VERDICTS[verdict]))));
    this.#findings.dataset.result = message.result;
    this.#keeping = "";
    setText(this.#note, message.message || (message.saved ? "Kept." : ""));
    if (message.saved) {
      this.#form.clear();
      this.#update();
    }
  }

  #listen(): void {
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || document.fullscreenElement !== null) return;
      event.stopPropagation();
      this.toggle();
    });
    this.#pattern.addEventListener("change", () => this.#show(Number(this.#pattern.value)));
    this.#name.addEventListener("change", () => this.#rename());
    for (const mode of [this.#asItIs, this.#through]) mode.input.addEventListener("change", () => this.#choose(mode));
    this.#save.addEventListener("click", () => this.#measure(true));
  }

  #open(): void {
    this.#viewport ??= this.#made();
    this.#stage.replaceChildren(this.#viewport.element);
    this.#show(QUALITY);
    this.#name.focus();
  }

  /** One for every time the page is opened: its numbers go on, or the server would take new states for old ones. */
  #made(): Viewport {
    const viewport = new Viewport({ send: this.#send, wanted: () => undefined, seen: () => this.#seen() }, "display");
    viewport.element.dataset.testid = "display-viewport";
    if (this.#live) viewport.link(true);
    return viewport;
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#viewport?.clear();
    this.#stage.replaceChildren();
  }

  /** Patterns lie 1:1 on the screen; even fields fill what there is. */
  #show(position: number): void {
    const viewport = this.#viewport;
    if (viewport === null) return;
    this.#pattern.value = String(position);
    const uid = this.#through.input.checked ? CORRECTED : NATIVE;
    if (viewport.series?.uid === uid) viewport.want({ position });
    else viewport.open(seriesOf(uid), { position });
    viewport.moveTo({ ...FITTED, fit: position === DARK || position === BRIGHT });
  }

  #follow(field: Field, at: number): void {
    this.#show({ level: FIRST_LEVEL + at, ambient: FIRST_LEVEL, dark: DARK, bright: BRIGHT }[field]);
  }

  #choose(mode: Radio): void {
    mode.input.checked = true;
    this.#form.clear();
    this.#findings.replaceChildren();
    this.#show(QUALITY);
    this.#update();
  }

  #rename(): void {
    const name = this.#name.value.trim();
    rememberDisplay(name);
    this.#send({ type: "display", display: name });
  }

  #typed(): void {
    clearTimeout(this.#timer);
    this.#keeping = "";
    this.#update();
    this.#timer = setTimeout(() => this.#measure(false), CHECK_MS);
  }

  #measure(save: boolean): void {
    const numbers = this.#form.read();
    if (typeof numbers === "string") return;
    clearTimeout(this.#timer);
    const sent = this.#send({ type: "measure", display: rememberedName(this.#name), ...numbers, corrected: this.#through.input.checked, save });
    if (save) this.#noteKeeping(sent ? "sent" : "lost");
  }

  #noteKeeping(how: "sent" | "lost"): void {
    this.#keeping = how;
    setText(this.#note, how === "sent" ? "Keeping…" : LOST);
  }

  #update(): void {
    const numbers = this.#form.read();
    const named = this.#name.value.trim() !== "";
    this.#save.disabled = typeof numbers === "string" || !named;
    if (typeof numbers === "string") setText(this.#note, numbers || this.#note.textContent || "");
    else if (this.#keeping !== "lost") setText(this.#note, named ? "" : "Give the display a name to keep this measurement.");
  }

  #seen(): void {
    const state = this.#viewport?.state;
    if (state === undefined) return;
    const { glyph, words, why } = badge(state);
    setText(this.#badge, `${glyph} ${words}`);
    this.#badge.title = why;
    this.#badge.dataset.fidelity = fidelity(state);
  }
}

interface Radio {
  label: HTMLElement;
  input: HTMLInputElement;
}

function radio(words: string, value: string): Radio {
  const input = h("input", { type: "radio", name: "rr-mode", value });
  return { input, label: h("label", {}, input, words) };
}

/** A check may be made before the display has a name. */
function rememberedName(input: HTMLInputElement): string {
  return input.value.trim() || rememberedDisplay() || "this display";
}

function seriesOf(uid: string): Series {
  return {
    uid, study_uid: "", modality: "OT", number: null, description: "Display quality", body_part: "",
    instance_count: PATTERNS.length, frame_count: PATTERNS.length, rows: 560, columns: 720, frame_time_ms: null,
  };
}
