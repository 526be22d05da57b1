import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link } from "../socket";

/** The browser's part: a connection that opens, hears and closes when the test says so. */
class Wire extends EventTarget {
  static readonly OPEN = 1;
  static readonly all: Wire[] = [];
  readyState = 1;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly url: string) {
    super();
    Wire.all.push(this);
  }
  send(): void {}
  close(): void {}
  hear(): void {
    this.onmessage?.({ data: JSON.stringify({ type: "pong", sent: performance.now() }) });
  }
}

let link: Link;
let told: string[];

beforeEach(() => {
  vi.useFakeTimers();
  Wire.all.length = 0;
  const nobody = { addEventListener: () => undefined, removeEventListener: () => undefined };
  vi.stubGlobal("window", { ...nobody, location: { protocol: "http:", host: "here" } });
  vi.stubGlobal("document", nobody);
  vi.stubGlobal("WebSocket", Wire);
  told = [];
  link = new Link("frames", { text: () => undefined, binary: () => undefined, roundTrip: () => undefined, live: (live) => told.push(live ? "live" : "lost"), silent: (silent) => told.push(silent ? "silent" : "heard") });
  Wire.all[0]!.onopen!();
});
afterEach(() => {
  link.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a connection", () => {
  it("that falls silent and speaks again is the same one: nothing has to be asked for again", () => {
    vi.advanceTimersByTime(3_000);
    expect(told).toEqual(["live", "silent"]);
    Wire.all[0]!.hear();
    expect(told).toEqual(["live", "silent", "heard"]);
    expect(Wire.all.length).toBe(1);
  });

  it("that stays silent is given up, and the next one is new", () => {
    vi.advanceTimersByTime(7_000);
    expect(told).toEqual(["live", "silent", "lost"]);
    Wire.all[1]!.onopen!();
    expect(told).toEqual(["live", "silent", "lost", "live"]);
    vi.advanceTimersByTime(1_000);
    Wire.all[1]!.hear();
    expect(told.length).toBe(4);
  });

  it("that answers is never called silent", () => {
    for (let second = 0; second < 20; second++) {
      vi.advanceTimersByTime(1_000);
      Wire.all[0]!.hear();
    }
    expect(told).toEqual(["live"]);
  });
});
