// The status bar: how the connection is, and what this display is good for.

import { h, setText } from "./dom";
import type { DisplayMessage } from "./messages";

export class StatusBar {
  readonly element = h("footer", { class: "rr-status" });
  readonly #link = h("span", { class: "rr-link", "data-testid": "link", role: "status" }, "○ connecting");
  readonly #trip = h("span", { class: "rr-number", "data-testid": "round-trip" });
  readonly #display = h("span", { "data-testid": "display-state" }, "◇ display not calibrated: review only");
  readonly #note = h("span", { class: "rr-status-note" });
  #wasLive = false;

  constructor() {
    this.element.append(this.#link, this.#trip, this.#display, this.#note);
  }

  showLink(live: boolean, failures: number, ended: string): void {
    this.#link.dataset.live = String(live);
    this.#wasLive ||= live;
    setText(this.#link, live ? "● connected" : this.#wasLive || failures > 0 ? "✕ connection lost, trying again" : "○ connecting");
    if (!live) setText(this.#trip, "");
    // A server that never answers may be one that no longer knows who asks.
    const why = ended || (failures >= 5 ? "Still no answer." : "");
    this.note(live || why === "" ? "" : `${why} ${ended === "" ? "If your login has ended, reload" : "Reload"} the page to log in again.`);
  }

  showDisplay({ calibrated, words, display }: Pick<DisplayMessage, "calibrated" | "words" | "display">): void {
    setText(this.#display, `${calibrated ? "◆" : "◇"} ${words}`);
    this.#display.title = display === "" ? "No name was given to this display yet." : `Display: ${display}`;
  }

  showRoundTrip(milliseconds: number): void {
    setText(this.#trip, `${milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0)} ms`);
  }

  note(words: string): void {
    setText(this.#note, words);
  }
}
