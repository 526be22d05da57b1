// A choice of a few named things in the tool bar; it is not there while there is nothing to choose.

import { h, setAttribute } from "./dom";

export interface Option {
  value: string;
  label: string;
  /** More words, for the tooltip. */
  title: string;
  disabled?: boolean;
}

export class Menu {
  readonly element: HTMLLabelElement;
  readonly #select: HTMLSelectElement;
  #shown = "";

  constructor(words: string, testid: string, chosen: (value: string) => void) {
    this.#select = h("select", { class: "rr-select", "data-testid": testid, "aria-label": words, title: words });
    this.element = h("label", { class: "rr-menu", hidden: true }, h("span", {}, words), this.#select);
    this.#select.addEventListener("change", () => {
      chosen(this.#select.value);
      // Keys belong to the image again.
      this.#select.blur();
    });
  }

  update(options: Option[], value: string): void {
    setAttribute(this.element, "hidden", options.length < 2);
    const names = JSON.stringify(options);
    if (names !== this.#shown) {
      this.#shown = names;
      this.#select.replaceChildren(...options.map((one) => h("option", { value: one.value, title: one.title, disabled: one.disabled ?? false }, one.label)));
    }
    if (this.#select.value !== value) this.#select.value = value;
    this.#select.title = options.find((one) => one.value === value)?.title ?? "";
  }
}
