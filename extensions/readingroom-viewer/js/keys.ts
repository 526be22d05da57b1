// Keys and the sheet that lists them: one table for both.

import { h } from "./dom";

export type Command =
  | "up" | "down" | "pageUp" | "pageDown" | "first" | "last"
  | "window" | "zoom" | "pan" | "scroll" | "probe"
  | "turnRight" | "turnLeft" | "flipAcross" | "flipDown"
  | "overlays" | "invert" | "reset" | "fit" | "actual" | "cine" | "layout" | "together" | "maximise" | "sheet" | "leave"
  | `preset-${number}`;

interface Binding {
  keys: readonly string[];
  shown: string;
  command: Command;
  words: string;
}

export const BINDINGS: readonly Binding[] = [
  { keys: ["ArrowUp"], shown: "↑", command: "up", words: "Previous slice" },
  { keys: ["ArrowDown"], shown: "↓", command: "down", words: "Next slice" },
  { keys: ["PageUp"], shown: "PgUp", command: "pageUp", words: "10 slices back" },
  { keys: ["PageDown"], shown: "PgDn", command: "pageDown", words: "10 slices on" },
  { keys: ["Home"], shown: "Home", command: "first", words: "First slice" },
  { keys: ["End"], shown: "End", command: "last", words: "Last slice" },
  { keys: ["w"], shown: "W", command: "window", words: "Left button: window" },
  { keys: ["z"], shown: "Z", command: "zoom", words: "Left button: zoom" },
  { keys: ["p"], shown: "P", command: "pan", words: "Left button: pan" },
  { keys: ["s"], shown: "S", command: "scroll", words: "Left button: scroll" },
  { keys: ["q"], shown: "Q", command: "probe", words: "Left button: value under the pointer" },
  { keys: ["o"], shown: "O", command: "overlays", words: "Overlay planes on and off" },
  { keys: ["i"], shown: "I", command: "invert", words: "Invert grey" },
  { keys: ["."], shown: ".", command: "turnRight", words: "Turn a quarter to the right" },
  { keys: [","], shown: ",", command: "turnLeft", words: "Turn a quarter to the left" },
  { keys: ["h"], shown: "H", command: "flipAcross", words: "Mirror left to right" },
  { keys: ["v"], shown: "V", command: "flipDown", words: "Mirror top to bottom" },
  { keys: ["r"], shown: "R", command: "reset", words: "Reset window, zoom and position in the viewport" },
  { keys: ["0"], shown: "0", command: "fit", words: "Fit to the viewport" },
  { keys: ["="], shown: "=", command: "actual", words: "1:1, one image pixel on one display pixel" },
  { keys: ["c"], shown: "C", command: "cine", words: "Cine on and off" },
  { keys: ["d"], shown: "D", command: "layout", words: "Layout: how many viewports" },
  { keys: ["j"], shown: "J", command: "together", words: "Link: viewports scroll together, by position in mm" },
  { keys: ["n"], shown: "N", command: "maximise", words: "Active viewport alone, and back" },
  { keys: ["?"], shown: "?", command: "sheet", words: "This sheet" },
  { keys: ["Escape"], shown: "Esc", command: "leave", words: "Back to the study list" },
];

const MOUSE: readonly (readonly [string, string])[] = [
  ["Left drag", "The chosen tool"],
  ["Shift + left drag", "Value under the pointer"],
  ["Right drag", "Zoom"],
  ["Middle drag", "Pan"],
  ["Wheel", "Scroll"],
  ["Shift + wheel", "Scroll ten at a time"],
  ["Ctrl + wheel", "Zoom at the pointer"],
  ["Double click", "Image alone, and back"],
  ["Click, or Tab", "Makes a viewport the active one"],
  ["Drag a series", "Shows it where it is dropped"],
];

/** Return the command of a key press, null for keys that are not ours. */
export function commandOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (/^[1-9]$/.test(event.key)) return `preset-${Number(event.key)}`;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return BINDINGS.find(({ keys }) => keys.includes(key))?.command ?? null;
}

export function keyOf(command: Command): string {
  return BINDINGS.find((binding) => binding.command === command)?.shown ?? "";
}

/** Text fields keep their keys; with a shadow root the real target is the first of the composed path. */
export function isTyping(event: Event): boolean {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export class KeySheet {
  readonly element = h("div", { class: "rr-sheet", role: "dialog", "aria-modal": "true", "aria-label": "Keys and mouse", hidden: true, tabindex: -1 });

  constructor() {
    const rows = [
      ...BINDINGS.map(({ shown, words }) => [shown, words] as const),
      ["1 – 9", "Window presets"] as const,
    ];
    const close = h("button", { class: "rr-button", type: "button" }, "Close");
    close.addEventListener("click", () => this.toggle());
    this.element.append(
      h("div", { class: "rr-sheet-card" }, h("h2", {}, "Keys and mouse"), h("div", { class: "rr-sheet-columns" }, table(rows), table(MOUSE)), close),
    );
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.toggle();
    });
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  toggle(): void {
    this.element.hidden = !this.element.hidden;
    if (this.open) this.element.querySelector("button")?.focus();
  }
}

function table(rows: readonly (readonly [string, string])[]): HTMLElement {
  return h("dl", {}, ...rows.flatMap(([key, words]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, words)]));
}
