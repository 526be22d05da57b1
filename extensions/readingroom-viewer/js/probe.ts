// The value under the pointer: asked of the server pixel by pixel, shown beside it until the picture changes.

import { h, setText } from "./dom";
import { placeText } from "./geometry";
import type { FrameHeader, ReadOut, ReadOutRequest } from "./messages";
import { pointedAt } from "./pointing";
import type { Viewport } from "./viewport";

/** The server answers ten values a second for as long as a hand asks. */
const EVERY_MS = 120;
/** So long without an answer, and the next question is asked all the same. */
const PATIENCE_MS = 3_000;

type Question = Omit<ReadOutRequest, "type" | "number">;

/** A question and where in the viewport its pixel was pointed at, in CSS pixels. */
interface Asked {
  question: Question;
  x: number;
  y: number;
}

export class Probe {
  readonly #value = h("div", { class: "rr-readout-value" });
  readonly #place = h("div", { class: "rr-readout-place" });
  readonly #notes = h("div", { class: "rr-readout-notes" });
  readonly #words = h("div", { class: "rr-readout-words" }, this.#value, this.#place, this.#notes);
  readonly element = h("div", { class: "rr-readout", "data-testid": "readout", role: "status", hidden: true }, this.#words);
  readonly #send: (message: ReadOutRequest) => boolean;
  #number = 0;
  #asked: Asked | null = null;
  #next: Asked | null = null;
  #picture = "";
  #free = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (message: ReadOutRequest) => boolean) {
    this.#send = send;
  }

  /** Point at another pixel: the value before is gone. */
  begin(viewport: Viewport, event: PointerEvent): void {
    this.hide();
    this.ask(viewport, event);
  }

  /** Ask for the value under the pointer, unless it is the pixel that was asked for last. The value moves when it is there. */
  ask(viewport: Viewport, event: PointerEvent): void {
    const { header, place, canvas, name } = viewport;
    if (header === null) return;
    const [x, y] = pointedAt(header, place, canvas, event);
    if (x < 0 || y < 0 || x >= header.columns || y >= header.rows) return this.hide();
    const question = { viewport: name, series_uid: header.series_uid, position: header.position, column: x - 0.5, row: y - 0.5, reformat: header.reformat };
    const pending = this.#next ?? this.#asked;
    if (pending !== null && samePixel(question, pending.question)) return;
    const box = viewport.element.getBoundingClientRect();
    this.#next = { question, x: event.clientX - box.left, y: event.clientY - box.top };
    this.#picture = pictureOf(header);
    if (this.element.hidden) {
      this.#moveTo(this.#next);
      this.#say("…", "", []);
      this.element.hidden = false;
    }
    this.#askNext();
  }

  receive(answer: ReadOut): void {
    if (answer.number !== this.#number || this.#asked === null) return;
    this.#free = Math.min(this.#free, performance.now() + EVERY_MS);
    this.#moveTo(this.#asked);
    this.#say(answer.text || "No value", answer.place === null ? "" : placeText(answer.place), answer.notes);
    this.#askNext();
  }

  /** Another picture is shown, or none: a value of the one before would be believed of it. */
  follow(header: FrameHeader | null): void {
    if (header === null || pictureOf(header) !== this.#picture) this.hide();
  }

  hide(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asked = this.#next = null;
    this.#free = Math.min(this.#free, performance.now() + EVERY_MS);
    this.element.hidden = true;
  }

  #askNext(): void {
    if (this.#next === null || this.#timer !== undefined) return;
    const wait = this.#free - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#askNext();
      }, Math.min(wait, EVERY_MS));
      return;
    }
    this.#number += 1;
    this.#free = performance.now() + PATIENCE_MS;
    if (!this.#send({ type: "readout", number: this.#number, ...this.#next.question })) return this.hide();
    [this.#asked, this.#next] = [this.#next, null];
  }

  #say(value: string, place: string, notes: readonly string[]): void {
    setText(this.#value, value);
    setText(this.#place, place);
    setText(this.#notes, notes.join("\n"));
  }

  /** Beside the pointer, on the side where there is room. */
  #moveTo({ x, y }: Asked): void {
    const around = this.element.parentElement;
    this.element.style.left = `${x}px`;
    this.element.style.top = `${y}px`;
    this.element.classList.toggle("rr-readout-left", x > (around?.clientWidth ?? 0) / 2);
    this.element.classList.toggle("rr-readout-above", y > (around?.clientHeight ?? 0) / 2);
  }
}

function samePixel(a: Question, b: Question): boolean {
  return Math.round(a.column) === Math.round(b.column) && Math.round(a.row) === Math.round(b.row) && a.position === b.position && a.series_uid === b.series_uid;
}

/** What a value belongs to; window and inversion change nothing about it. */
function pictureOf({ series_uid, sop_uid, frame, position, reformat }: FrameHeader): string {
  return JSON.stringify([series_uid, sop_uid, frame, position, reformat]);
}
