// The tool bar: tools, presets, and what acts on the picture. Every button has its key.

import { h } from "./dom";
import { type IconName, icon } from "./icons";
import { type Command, keyOf } from "./keys";
import type { Grid } from "./layout";
import { LayoutMenu } from "./layout_menu";
import type { Preset } from "./presets";
import { TOOLS, type Tool } from "./tools";
import { windowText } from "./voi";

const TOOL_WORDS: Record<Tool, string> = { window: "Window", zoom: "Zoom", pan: "Pan", scroll: "Scroll", probe: "Value" };

export interface ToolBarState {
  tool: Tool;
  presets: Preset[];
  /** The key of the preset that is shown, empty for none. */
  preset: string;
  inverted: boolean;
  overlays: boolean;
  overlayPlanes: number;
  playing: boolean;
  canPlay: boolean;
  grid: Grid;
  /** Whether viewports scroll together. */
  together: boolean;
}

export class ToolBar {
  readonly element = h("div", { class: "rr-toolbar", role: "toolbar", "aria-label": "Image tools" });
  readonly layouts: LayoutMenu;
  readonly #run: (command: Command) => void;
  readonly #tools = new Map<Tool, HTMLButtonElement>();
  readonly #presets = h("div", { class: "rr-group rr-presets", role: "group", "aria-label": "Window presets" });
  readonly #invert: HTMLButtonElement;
  readonly #overlays: HTMLButtonElement;
  readonly #cine: HTMLButtonElement;
  readonly #together: HTMLButtonElement;
  #shown = "";

  constructor(run: (command: Command) => void, arrange: (grid: Grid) => void) {
    this.#run = run;
    this.layouts = new LayoutMenu(arrange);
    for (const tool of TOOLS) this.#tools.set(tool, this.#button(tool, tool, TOOL_WORDS[tool], `tool-${tool}`, true));
    this.#invert = this.#button("invert", "invert", "Invert", "invert", true);
    this.#overlays = this.#button("overlays", "overlays", "Overlays", "overlays", true);
    this.#together = this.#button("together", "link", "Link", "together", true);
    this.#cine = this.#button("cine", "play", "Cine", "cine", true);
    this.element.append(
      h("div", { class: "rr-group", role: "group", "aria-label": "Left button" }, ...this.#tools.values()),
      this.#presets,
      h(
        "div",
        { class: "rr-group", role: "group", "aria-label": "View" },
        this.#invert,
        this.#button("turnRight", "turnRight", "Turn a quarter to the right", "turn-right"),
        this.#button("flipAcross", "flipAcross", "Mirror left to right", "flip-across"),
        this.#button("flipDown", "flipDown", "Mirror top to bottom", "flip-down"),
        this.#button("reset", "reset", "Reset", "reset"),
        this.#button("fit", "fit", "Fit", "fit"),
        this.#button("actual", null, "1:1", "actual"),
        this.#overlays,
        this.#cine,
      ),
      h("div", { class: "rr-group", role: "group", "aria-label": "Layout" }, this.#together, this.layouts.element),
    );
  }

  update(state: ToolBarState): void {
    for (const [tool, button] of this.#tools) button.setAttribute("aria-pressed", String(tool === state.tool));
    this.#invert.setAttribute("aria-pressed", String(state.inverted));
    this.#overlays.setAttribute("aria-pressed", String(state.overlays));
    this.#overlays.hidden = state.overlayPlanes === 0;
    this.#cine.setAttribute("aria-pressed", String(state.playing));
    this.#cine.disabled = !state.canPlay;
    const wanted = state.playing ? "pause" : "play";
    if (this.#cine.dataset.icon !== wanted) {
      this.#cine.dataset.icon = wanted;
      this.#cine.querySelector("svg")?.replaceWith(icon(wanted));
    }
    this.#updatePresets(state.presets, state.preset);
    this.layouts.update(state.grid);
    this.#together.setAttribute("aria-pressed", String(state.together));
    this.#together.hidden = state.grid.rows * state.grid.columns === 1;
  }

  /** The buttons stay the same elements while their labels do: a press must not lose its button to a new frame. */
  #updatePresets(presets: Preset[], shown: string): void {
    const names = presets.map(({ key, label }) => `${key} ${label}`).join("\n");
    if (names !== this.#shown) {
      this.#shown = names;
      this.#presets.replaceChildren(...presets.map((preset) => this.#preset(preset)));
    }
    presets.forEach((preset, index) => {
      const button = this.#presets.children[index] as HTMLElement;
      button.title = [preset.label, windowText(preset.change.window ?? null), `key ${preset.key}`].filter(Boolean).join(" · ");
      button.setAttribute("aria-pressed", String(preset.key === shown));
    });
  }

  #preset(preset: Preset): HTMLButtonElement {
    const button = h(
      "button",
      { class: "rr-button rr-preset", type: "button", "data-testid": `preset-${preset.key}`, "aria-label": `Window ${preset.label}, key ${preset.key}` },
      h("span", { class: "rr-key" }, preset.key),
      h("span", { class: "rr-preset-name" }, preset.label),
    );
    button.addEventListener("click", () => this.#run(`preset-${Number(preset.key)}`));
    return button;
  }

  #button(command: Command, picture: IconName | null, words: string, testid: string, labelled = false): HTMLButtonElement {
    const key = keyOf(command);
    const button = h("button", {
      class: "rr-button rr-tool",
      type: "button",
      "data-testid": testid,
      "aria-label": `${words}, key ${key}`,
      title: `${words} · key ${key}`,
    });
    button.append(picture === null ? words : icon(picture));
    if (labelled) button.append(h("span", { class: "rr-tool-name" }, words));
    button.addEventListener("click", () => this.#run(command));
    return button;
  }
}
