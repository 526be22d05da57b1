// A viewer process that answers a real viewport at once: views, and neighbours asked ahead.

import { hex } from "../fidelity";
import { parseFrame } from "../frames";
import type { Request, Series, ViewRequest } from "../messages";
import { Viewport } from "../viewport";
import { viewRequest } from "../wanted";
import { type Parts, answer, digest, pack, sealed } from "./transit";

export const SERIES: Series = {
  uid: "1.2.3", study_uid: "1.2", modality: "CT", number: 1, description: "", body_part: "", instance_count: 200, frame_count: 200, rows: 24, columns: 20, frame_time_ms: null,
};

/** The true answer to what is asked ahead of a look. */
export function neighbour(look: ViewRequest, position: number): Parts {
  const truth = answer({ ...look, position });
  return sealed({ ...truth, header: { ...truth.header, type: "ahead" } });
}

/** One viewport and its server; `ahead` says what becomes of each neighbour asked for, null for nothing. */
export class Desk {
  readonly viewport: Viewport;
  readonly views: ViewRequest[] = [];
  readonly asked: number[][] = [];
  readonly walked: number[] = [];
  readonly proved: boolean[] = [];
  ahead: (look: ViewRequest, position: number) => ArrayBuffer | null = (look, position) => pack(neighbour(look, position));
  /** What was called verified and is not what the server gives for the state wanted. */
  readonly lies: string[] = [];
  /** Whether views are answered. */
  answers = true;

  constructor(series = SERIES) {
    this.viewport = new Viewport({ send: (message) => this.#serve(message), wanted: () => undefined, seen: () => this.check() });
    this.viewport.link(true);
    this.viewport.open(series);
  }

  get look(): ViewRequest {
    return this.views.at(-1) as ViewRequest;
  }

  get fidelity(): string | undefined {
    return this.viewport.element.dataset.fidelity;
  }

  receive(message: ArrayBuffer): void {
    this.viewport.receive(parseFrame(message));
  }

  /** Let a message arrive that may be none. */
  meddle(message: ArrayBuffer): void {
    try {
      this.receive(message);
    } catch {
      this.check();
    }
  }

  check(): void {
    const { element, header, wanted, seq } = this.viewport;
    if (this.fidelity !== "verified" || wanted === null) return;
    const truth = answer(viewRequest(wanted, "main", seq));
    if (hex(digest(element.pixels)) !== hex(digest(truth.pixels))) this.lies.push("other pixels");
    if (JSON.stringify(header) !== JSON.stringify(truth.header)) this.lies.push("other facts");
  }

  /** Wait until something holds; throws after a second. */
  async until(holds: () => boolean): Promise<void> {
    const start = performance.now();
    while (!holds()) {
      if (performance.now() - start > 1_000) throw new Error("what was waited for did not happen");
      await new Promise(setImmediate);
    }
  }

  /** Wait until the wanted picture is verified and the ring has all it asked for. */
  async settled(): Promise<void> {
    await this.until(() => this.fidelity === "verified" && this.asked.at(-1)?.length === 0);
  }

  #serve(message: Request): boolean {
    if (message.type === "view") {
      this.views.push(message);
      if (this.answers) setImmediate(() => this.receive(pack(answer(message))));
    } else if (message.type === "ahead") {
      this.asked.push(message.positions);
      for (const position of message.positions) this.#send(position);
    } else if (message.type === "walked") {
      this.walked.push(message.position);
      this.proved.push(message.verified);
    }
    return true;
  }

  #send(position: number): void {
    const { look } = this;
    setImmediate(() => {
      const message = this.ahead(look, position);
      if (message !== null) this.receive(message);
    });
  }
}
