// The picture messages of one viewport, one after the other: the next is not looked at before the one before is shown.

import type { PictureMessage } from "./frames";
import { type Arrived, Intake, type IntakeEvents } from "./intake";

export interface InboxEvents extends IntakeEvents {
  /** Something to show. */
  take(picture: Arrived): Promise<void>;
  /** A picture that came too late to be shown. */
  late(seq: number): void;
  /** What came is no picture, or not the one it should be. */
  damaged(seq: number, error: unknown): void;
}

export class Inbox {
  /** When the message looked at came, by the page's own clock. */
  arrived = 0;
  readonly #events: InboxEvents;
  readonly #intake: Intake;
  #queue: { message: PictureMessage; arrived: number }[] = [];
  #working = false;

  constructor(events: InboxEvents) {
    this.#events = events;
    this.#intake = new Intake(events);
  }

  receive(message: PictureMessage): void {
    this.#queue.push({ message, arrived: performance.now() });
    if (!this.#working) void this.#work();
  }

  /** Forget the picture that is still on its way; what waits is told that it is late. */
  clear(): void {
    this.#intake.clear();
  }

  close(): void {
    this.#queue = [];
    this.clear();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.arrived = next.arrived;
      await this.#open(next.message);
    }
    this.#working = false;
  }

  async #open(message: PictureMessage): Promise<void> {
    const { header } = message;
    try {
      const picture = await this.#intake.take(message);
      if (picture !== null) await this.#events.take(picture);
      else if (header.type === "frame") this.#events.late(header.seq);
    } catch (error) {
      this.#events.damaged(header.seq, error);
    }
  }
}
