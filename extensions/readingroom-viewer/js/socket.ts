// The connection: opens, notices silence, reconnects. It carries messages and knows nothing of pictures.

import type { Request, TextMessage } from "./messages";

export interface LinkEvents {
  text(message: TextMessage): void;
  binary(message: ArrayBuffer): void;
  /**
   * Called on every change and every failed attempt; on `true` everything wanted has to be asked for again.
   * `why` is the server's own word when it let the reader out.
   */
  live(live: boolean, why: string): void;
  /** Nothing came for a while over a connection that may still live: what was asked over it holds. */
  silent(silent: boolean): void;
  /** The last round trip of a few bytes, and the smallest of the last ones. */
  roundTrip(milliseconds: number, smallest: number): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
const FIRST_TRIPS = 3;
const REMEMBERED_TRIPS = 8;
const PING_MS = 1_000;
const SILENCE_MS = 2_500;
const OWN_GAP_MS = 1_500;
/** The close code of a server that no longer lets this reader in. */
const ACCESS_ENDED = 4403;
/** A server busy with one large picture comes back by itself; after this the socket is given up. */
const GIVE_UP_MS = 6_000;

/** Return the ws(s) address of a path on this origin; a full address stays as it is. */
export function socketAddress(url: string, location: { protocol: string; host: string }): string {
  if (/^wss?:\/\//.test(url)) return url;
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}${url.startsWith("/") ? "" : "/"}${url}`;
}

/** Return how long to wait before attempt number `failures`: 0.5, 1, 2, 4, 5, 5 … seconds. */
export function backOff(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
}

export class Link {
  readonly #url: string;
  readonly #events: LinkEvents;
  #socket: WebSocket | null = null;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heard = 0;
  #pinged = 0;
  #looked = performance.now();
  #roundTrips: number[] = [];
  #live = false;
  #silent = false;
  #closed = false;
  readonly #watch: ReturnType<typeof setInterval>;

  constructor(url: string, events: LinkEvents) {
    this.#url = socketAddress(url, window.location);
    this.#events = events;
    window.addEventListener("online", this.#online);
    window.addEventListener("offline", this.#offline);
    document.addEventListener("visibilitychange", this.#look);
    this.#watch = setInterval(this.#look, 250);
    this.#open();
  }

  get live(): boolean {
    return this.#live;
  }

  /** Attempts that failed since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Send now; false when there is no connection. What is wanted is asked for again on reconnection, so nothing is queued. */
  send(message: Request): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    window.removeEventListener("online", this.#online);
    window.removeEventListener("offline", this.#offline);
    document.removeEventListener("visibilitychange", this.#look);
    this.#drop();
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#drop();
    const socket = new WebSocket(this.#url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => {
      this.#failures = 0;
      this.#heard = performance.now();
      this.#setLive(true);
      this.#roundTrips = [];
      this.#ping();
    };
    socket.onmessage = (event: MessageEvent<string | ArrayBuffer>) => this.#receive(event.data);
    socket.onclose = ({ code, reason }) => this.#lost(code === ACCESS_ENDED ? reason : "");
  }

  #receive(data: string | ArrayBuffer): void {
    this.#heard = performance.now();
    this.#setSilent(false);
    if (typeof data !== "string") {
      this.#events.binary(data);
      return;
    }
    const message = parseText(data);
    if (message === null) console.warn("Reading Room: a message of no known kind was passed over");
    else if (message.type === "pong") this.#noteRoundTrip(Math.max(0, performance.now() - message.sent));
    else this.#events.text(message);
  }

  /** The first answer is followed by a second question, so that the server soon knows how far away this page is. */
  #noteRoundTrip(milliseconds: number): void {
    this.#roundTrips = [...this.#roundTrips.slice(1 - REMEMBERED_TRIPS), milliseconds];
    this.#events.roundTrip(milliseconds, Math.min(...this.#roundTrips));
    if (this.#roundTrips.length < FIRST_TRIPS) this.#ping();
  }

  #ping(): void {
    this.#pinged = performance.now();
    this.send({ type: "ping", sent: this.#pinged, round_trip_ms: this.#roundTrips.at(-1) ?? null });
  }

  #setLive(live: boolean): void {
    if (this.#live === live) return;
    this.#live = live;
    this.#events.live(live, "");
  }

  #setSilent(silent: boolean): void {
    if (this.#silent === silent || !this.#live) return;
    this.#silent = silent;
    this.#events.silent(silent);
  }

  #lost(why = ""): void {
    this.#drop();
    this.#failures += 1;
    this.#live = this.#silent = false;
    this.#events.live(false, why);
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), backOff(this.#failures));
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  readonly #look = (): void => {
    const socket = this.#socket;
    const now = performance.now();
    // A gap in our own timer (hidden page, sleeping laptop) is not the server's silence: ask first.
    if (now - this.#looked > OWN_GAP_MS) this.#heard = Math.max(this.#heard, now - PING_MS);
    this.#looked = now;
    if (socket === null) return;
    const silence = now - this.#heard;
    if (silence > SILENCE_MS) this.#setSilent(true);
    if (silence > GIVE_UP_MS) {
      this.#lost();
    } else if (socket.readyState === WebSocket.OPEN && now - this.#pinged >= PING_MS - 125) {
      this.#ping();
    }
  };

  readonly #online = (): void => {
    this.#failures = 0;
    this.#open();
  };

  readonly #offline = (): void => {
    this.#lost();
  };
}

const KINDS: readonly string[] = ["studies", "study", "closed", "coverage", "display", "measured", "places", "readout", "pong", "error"];

export function parseText(text: string): TextMessage | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("type" in value)) return null;
    return KINDS.includes(value.type as string) ? (value as TextMessage) : null;
  } catch {
    return null;
  }
}
