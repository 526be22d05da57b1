// What a viewport tells the server of its pictures: that a part has arrived, that one is painted, and whether it is proved.

import type { Request, Strip } from "./messages";

export class Reports {
  readonly #viewport: string;
  readonly #send: (message: Request) => boolean;
  readonly #arrived: () => number;

  /** `arrived` tells when the message in hand came, by the page's own clock. */
  constructor(viewport: string, send: (message: Request) => boolean, arrived: () => number) {
    this.#viewport = viewport;
    this.#send = send;
    this.#arrived = arrived;
  }

  /** Painted or left out, and with it every earlier one. */
  painted(seq: number, verified: boolean): void {
    const arrived = this.#arrived();
    this.#send({ type: "painted", viewport: this.#viewport, seq, verified, arrived_ms: arrived, busy_ms: performance.now() - arrived });
  }

  walked(seq: number, position: number, verified: boolean): void {
    this.#send({ type: "walked", viewport: this.#viewport, seq, position, verified });
  }

  received(seq: number, { first_row }: Strip): void {
    this.#send({ type: "received", viewport: this.#viewport, seq, first_row, arrived_ms: this.#arrived() });
  }
}
