import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Model, ModelSync, type Shared } from "../model";

/** Behaves as Backbone does: `set` tells the listeners at once. */
class FakeModel implements Model {
  readonly values = new Map<string, unknown>();
  readonly listeners = new Map<string, (() => void)[]>();
  saves = 0;
  get(name: string): unknown {
    return this.values.get(name);
  }
  set(name: string, value: unknown): void {
    if (this.values.get(name) === value) return;
    this.values.set(name, value);
    for (const listener of this.listeners.get(`change:${name}`) ?? []) listener();
  }
  save_changes(): void {
    this.saves += 1;
  }
  on(event: string, listener: () => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }
  off(event: string, listener: () => void): void {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((one) => one !== listener));
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started(): { model: FakeModel; heard: Partial<Shared>[]; sync: ModelSync } {
  const model = new FakeModel();
  const heard: Partial<Shared>[] = [];
  return { model, heard, sync: new ModelSync(model, (change) => heard.push(change)) };
}

describe("ModelSync", () => {
  it("saves at most ten times a second, and always the last state", () => {
    const { model, sync } = started();
    for (let position = 1; position <= 100; position++) {
      sync.write({ position });
      vi.advanceTimersByTime(10);
    }
    vi.advanceTimersByTime(200);
    expect(model.get("position")).toBe(100);
    expect(model.saves).toBeLessThanOrEqual(11);
  });

  it("sets a pair before it saves once", () => {
    const { model, sync } = started();
    sync.write({ window_center: 40, window_width: 400 });
    vi.advanceTimersByTime(200);
    expect([model.get("window_center"), model.get("window_width"), model.saves]).toEqual([40, 400, 1]);
  });

  it("does not hear itself, at once or as a late echo", () => {
    const { model, heard, sync } = started();
    sync.write({ window_width: 410 });
    vi.advanceTimersByTime(150);
    sync.write({ window_width: 420 });
    vi.advanceTimersByTime(150);
    model.set("window_width", 410);
    expect(heard).toEqual([]);
  });

  it("hears a change that is Python's own", () => {
    const { model, heard } = started();
    model.set("window_width", 700);
    expect(heard).toEqual([{ window_width: 700 }]);
  });

  it("reads nonsense as nothing", () => {
    const { model, sync } = started();
    model.values.set("position", "seven").set("window_width", Number.NaN).set("study_uid", 5);
    expect(sync.read()).toEqual({ study_uid: "", series_uid: "", position: 0, window_center: null, window_width: null, inverted: false });
  });

  it("is silent after it stopped", () => {
    const { model, heard, sync } = started();
    sync.write({ position: 3 });
    sync.stop();
    vi.advanceTimersByTime(500);
    model.set("window_width", 700);
    expect([heard, model.saves]).toEqual([[], 0]);
  });
});
