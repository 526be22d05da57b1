// Entry of what a luminance meter shows: 18 levels, ambient light, and five points of two even fields.

import { h, setAttribute, setText } from "./dom";
import type { Measurement } from "./messages";

/** The driving levels that are measured: 0, 15, … 255. */
export const LEVELS: readonly number[] = Array.from({ length: 18 }, (_, number) => number * 15);
const POINTS = ["Centre", "Top left", "Top right", "Bottom left", "Bottom right"];
/** Shares that are coloured: the limits of contrast for diagnostic and for review displays. */
const NEAR = 0.1;
const FAR = 0.2;

export type Numbers = Pick<Measurement, "luminance" | "ambient" | "dark" | "bright">;
export type Field = "level" | "ambient" | "dark" | "bright";

export class DisplayForm {
  readonly element = h("form", { class: "rr-measure", autocomplete: "off" });
  readonly #levels = LEVELS.map((level) => number(`Level ${level}`, `level-${level}`));
  readonly #steps = LEVELS.map(() => h("span", { class: "rr-step" }));
  readonly #ambient = number("Ambient light on the dark screen", "ambient");
  readonly #dark = POINTS.map((point) => number(`Dark field, ${point.toLowerCase()}`, `dark-${point}`));
  readonly #bright = POINTS.map((point) => number(`Bright field, ${point.toLowerCase()}`, `bright-${point}`));

  /** `focused` hears which level or field is being measured, `changed` that a number was typed. */
  constructor(focused: (field: Field, number: number) => void, changed: () => void) {
    const levels = LEVELS.map((level, at) => h("label", { class: "rr-level" }, h("span", { class: "rr-number" }, String(level)), this.#levels[at] as Node, this.#steps[at] as Node));
    this.element.append(
      h("fieldset", {}, h("legend", {}, "Luminance of the 18 levels, cd/m²"), h("div", { class: "rr-levels" }, ...levels)),
      h("fieldset", {}, h("legend", {}, "Ambient light that the dark screen reflects, cd/m²"), this.#ambient),
      this.#uniformity("Uniformity, dark field", this.#dark),
      this.#uniformity("Uniformity, bright field", this.#bright),
    );
    const fields: [Field, HTMLInputElement[]][] = [["level", this.#levels], ["ambient", [this.#ambient]], ["dark", this.#dark], ["bright", this.#bright]];
    for (const [field, inputs] of fields) {
      inputs.forEach((input, at) => {
        input.addEventListener("focus", () => focused(field, at));
        input.addEventListener("paste", (event) => this.#paste(event, inputs, at, changed));
      });
    }
    this.element.addEventListener("input", changed);
    this.element.addEventListener("submit", (event) => event.preventDefault());
  }

  /** The numbers, or why they are not complete yet. */
  read(): Numbers | string {
    const wrong = this.#inputs().filter(isNoNumber);
    for (const input of this.#inputs()) setAttribute(input, "aria-invalid", String(wrong.includes(input)));
    if (wrong[0] !== undefined) return `“${wrong[0].value.trim()}” is no luminance (${wrong[0].getAttribute("aria-label")}): write cd/m² as digits with a point or a comma.`;
    const luminance = this.#levels.map(valueOf);
    const missing = luminance.filter((one) => one === null).length;
    if (missing > 0) return missing === LEVELS.length ? "" : `${missing} of 18 levels are still to be measured.`;
    const ambient = valueOf(this.#ambient);
    if (ambient === null) return "The ambient light is still to be measured.";
    const fields = [this.#dark, this.#bright].map((inputs) => inputs.map(valueOf).filter((one) => one !== null));
    if (fields.some(({ length }) => length !== 0 && length !== POINTS.length)) return "Measure all five points of a field, or none.";
    return { luminance: luminance as number[], ambient, dark: fields[0] ?? [], bright: fields[1] ?? [] };
  }

  /** Show how far the step up to each level is from the GSDF. */
  showSteps(steps: readonly number[]): void {
    this.#steps.forEach((element, at) => {
      const off = at === 0 ? undefined : steps[at - 1];
      setText(element, off === undefined ? "" : `${off > 0 ? "+" : "−"}${Math.abs(off * 100).toFixed(0)} %`);
      element.dataset.verdict = off === undefined ? "" : Math.abs(off) <= NEAR ? "diagnostic" : Math.abs(off) <= FAR ? "review" : "fail";
    });
  }

  #inputs(): HTMLInputElement[] {
    return [...this.#levels, this.#ambient, ...this.#dark, ...this.#bright];
  }

  clear(): void {
    this.element.reset();
    this.showSteps([]);
  }

  /** A column copied from a meter's sheet fills the fields from here on. */
  #paste(event: ClipboardEvent, inputs: HTMLInputElement[], from: number, changed: () => void): void {
    const numbers = (event.clipboardData?.getData("text") ?? "").trim().split(/[\s;]+/);
    if (numbers.length < 2) return;
    event.preventDefault();
    numbers.forEach((text, at) => {
      const input = inputs[from + at];
      if (input !== undefined) input.value = text;
    });
    changed();
  }

  #uniformity(name: string, inputs: HTMLInputElement[]): HTMLElement {
    const labels = inputs.map((input, at) => h("label", { class: "rr-point" }, h("span", {}, POINTS[at] ?? ""), input));
    return h("fieldset", {}, h("legend", {}, `${name}, cd/m²`), h("div", { class: "rr-points" }, ...labels));
  }
}

function number(label: string, name: string): HTMLInputElement {
  return h("input", { class: "rr-measured", type: "text", inputmode: "decimal", "aria-label": label, name });
}

/** Something stands there that is not to be guessed at. */
function isNoNumber(input: HTMLInputElement): boolean {
  return input.value.trim() !== "" && valueOf(input) === null;
}

/** Return the number typed, with a decimal point or comma; null for none. */
export function valueOf({ value }: { value: string }): number | null {
  const text = value.trim().replace(",", ".");
  return /^\d*\.?\d+$|^\d+\.$/.test(text) ? Number(text) : null;
}
