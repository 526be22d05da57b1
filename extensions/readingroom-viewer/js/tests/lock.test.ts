// A screen that nobody touches locks; a hand on any page of the same reader keeps it open.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ScreenLock, awayAddress, handedOver, rememberLeft, takeLeft } from "../lock";

const MINUTE = 60_000;

function store(): Storage {
  const held = new Map<string, string>();
  return { getItem: (key: string) => held.get(key) ?? null, setItem: (key: string, value: string) => void held.set(key, value), removeItem: (key: string) => void held.delete(key) } as Storage;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("localStorage", store());
  vi.stubGlobal("sessionStorage", store());
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("an untouched screen locks once, after its minutes", () => {
  const locked = vi.fn();
  new ScreenLock(2, locked);
  vi.advanceTimersByTime(2 * MINUTE - 1_000);
  expect(locked).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5 * MINUTE);
  expect(locked).toHaveBeenCalledTimes(1);
});

test("a hand on it, or on another page of the same reader, keeps it open", () => {
  const locked = vi.fn();
  new ScreenLock(2, locked);
  vi.advanceTimersByTime(MINUTE);
  window.dispatchEvent(new Event("pointermove"));
  vi.advanceTimersByTime(1.5 * MINUTE);
  localStorage.setItem("rr-active", String(Date.now()));
  vi.advanceTimersByTime(1.5 * MINUTE);
  expect(locked).not.toHaveBeenCalled();
});

test("a clock that is set back does not keep the screen open", () => {
  const locked = vi.fn();
  new ScreenLock(2, locked);
  vi.setSystemTime(Date.now() - 3 * MINUTE);
  vi.advanceTimersByTime(1_000);
  expect(locked).toHaveBeenCalled();
});

test("a lock of 0 minutes is none", () => {
  const locked = vi.fn();
  new ScreenLock(0, locked);
  vi.advanceTimersByTime(1_000 * MINUTE);
  expect(locked).not.toHaveBeenCalled();
});

test("a browser that keeps nothing locks all the same", () => {
  const refuse = () => {
    throw new Error("denied");
  };
  vi.stubGlobal("localStorage", { getItem: refuse, setItem: refuse });
  const locked = vi.fn();
  new ScreenLock(1, locked);
  vi.advanceTimersByTime(MINUTE + 1_000);
  expect(locked).toHaveBeenCalled();
});

test("the study that was open is given back once, and to the same reader alone", () => {
  rememberLeft("alice", "1.2.3");
  expect(takeLeft("bob")).toBe("");
  expect(takeLeft("alice")).toBe("");
  rememberLeft("alice", "1.2.3");
  expect(takeLeft("alice")).toBe("1.2.3");
  expect(takeLeft("alice")).toBe("");
});

test("the way back is one argument of the hub's page", () => {
  expect(awayAddress("/hub/", "lock", "http://x/user/a/?b=c&d")).toBe("/hub/lock?next=http%3A%2F%2Fx%2Fuser%2Fa%2F%3Fb%3Dc%26d");
});

test("nobody is led to the proxy's own error page: the hub answers first, or some seconds have gone by", async () => {
  const ask = vi.fn().mockRejectedValueOnce(new TypeError("no network"));
  ask.mockResolvedValueOnce({ type: "basic", status: 502 }).mockResolvedValueOnce({ type: "opaqueredirect" });
  vi.stubGlobal("fetch", ask);
  const led = handedOver("http://x/user/a/");
  await vi.advanceTimersByTimeAsync(1_000);
  await led;
  expect(ask).toHaveBeenCalledTimes(3);

  ask.mockResolvedValue({ type: "basic", status: 502 });
  const waited = handedOver("http://x/user/a/");
  await vi.advanceTimersByTimeAsync(20_000);
  await waited;
});
