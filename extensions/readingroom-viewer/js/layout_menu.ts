// The layout menu of the tool bar: how many viewports, drawn as what one gets.

import { h, setText } from "./dom";
import { icon } from "./icons";
import { keyOf } from "./keys";
import { GRIDS, type Grid, gridText } from "./layout";

/** Choices in a row of the menu: the arrow keys go up and down by so many. */
const ACROSS = 4;

export class LayoutMenu {
  readonly element: HTMLElement;
  readonly #label = h("span", { class: "rr-number" });
  readonly #button: HTMLButtonElement;
  readonly #choices: HTMLButtonElement[];
  readonly #menu: HTMLElement;
  #shown = "";

  constructor(chosen: (grid: Grid) => void) {
    const words = `Layout: rows × columns of viewports · key ${keyOf("layout")}`;
    this.#button = h("button", { class: "rr-button rr-tool", type: "button", "data-testid": "layout", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": words, title: words }, icon("layout"), this.#label);
    this.#choices = GRIDS.map((grid) => choice(grid, () => {
      this.close();
      chosen(grid);
    }));
    this.#menu = h("div", { class: "rr-layouts", role: "menu", "aria-label": "Layout", hidden: true }, ...this.#choices);
    this.element = h("div", { class: "rr-layout" }, this.#button, this.#menu);
    this.#button.addEventListener("click", () => this.toggle());
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("focusout", (event) => {
      if (!(event.relatedTarget instanceof Node && this.element.contains(event.relatedTarget))) this.close();
    });
  }

  get isOpen(): boolean {
    return !this.#menu.hidden;
  }

  update(grid: Grid): void {
    this.#shown = gridText(grid);
    setText(this.#label, this.#shown);
    for (const one of this.#choices) one.setAttribute("aria-checked", String(one.dataset.grid === this.#shown));
  }

  toggle(): void {
    if (this.isOpen) return this.close();
    this.#menu.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    (this.#choices.find((one) => one.dataset.grid === this.#shown) ?? this.#choices[0])?.focus();
  }

  close(): void {
    this.#menu.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  #key(event: KeyboardEvent): void {
    if (!this.isOpen) return;
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -ACROSS, ArrowDown: ACROSS };
    const step = steps[event.key];
    if (event.key === "Escape") {
      this.close();
      this.#button.focus();
    } else if (step !== undefined) {
      const now = this.#choices.indexOf(event.target as HTMLButtonElement);
      this.#choices[now + step]?.focus();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
}

function choice(grid: Grid, act: () => void): HTMLButtonElement {
  const text = gridText(grid);
  const picture = h("span", { class: "rr-layout-picture", "aria-hidden": "true" }, ...Array.from({ length: grid.rows * grid.columns }, () => h("i", {})));
  picture.style.gridTemplate = `repeat(${grid.rows}, 1fr) / repeat(${grid.columns}, 1fr)`;
  const label = grid.rows * grid.columns === 1 ? "One viewport" : `${grid.rows} ${grid.rows === 1 ? "row" : "rows"} of ${grid.columns}`;
  const button = h("button", { class: "rr-button rr-layout-choice", type: "button", role: "menuitemradio", "data-grid": text, "data-testid": `layout-${grid.rows}x${grid.columns}`, "aria-label": label, title: label, tabindex: -1 }, picture, text);
  button.addEventListener("click", act);
  return button;
}
