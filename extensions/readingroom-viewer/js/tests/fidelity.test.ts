import { describe, expect, it } from "vitest";
import { type FidelityEvent, START, badge, check, fidelity, next, sha256 } from "../fidelity";

const PROVED = next(START, { type: "selfTest", passed: true });
const after = (...events: FidelityEvent[]) => events.reduce(next, PROVED);
const live: FidelityEvent = { type: "link", live: true };
const want = (seq: number): FidelityEvent => ({ type: "want", seq });
const paint = (seq: number, verdict: "equal" | "different" | "impossible" = "equal"): FidelityEvent => ({ type: "paint", seq, check: verdict });
const active = (on: boolean): FidelityEvent => ({ type: "active", active: on });

describe("fidelity", () => {
  it("is stalled before the first connection", () => expect(fidelity(START)).toBe("stalled"));
  it("is pending while nothing is painted", () => expect(fidelity(after(live, want(1)))).toBe("pending"));
  it("is verified for the wanted state with an equal hash", () => expect(fidelity(after(live, want(1), paint(1)))).toBe("verified"));
  it("is no longer verified as soon as something else is wanted", () => expect(fidelity(after(live, want(1), paint(1), want(2)))).toBe("pending"));
  it("is moving when the hand is active and an older state is shown", () => expect(fidelity(after(live, want(1), paint(1), active(true), want(2)))).toBe("moving"));
  it("is pending when the hand rests before the picture comes", () =>
    expect(fidelity(after(live, want(1), paint(1), active(true), want(2), active(false)))).toBe("pending"));
  it("is verified under an active hand when the wanted state is shown", () => expect(fidelity(after(live, want(1), paint(1), active(true)))).toBe("verified"));
  it("is never verified by an older state's frame, however equal its hash", () => expect(fidelity(after(live, want(2), paint(1)))).toBe("pending"));
  it("is unverified when the hash differs", () => expect(fidelity(after(live, want(1), paint(1, "different")))).toBe("unverified"));
  it("is unverified where nothing can be hashed, and says why", () => {
    const state = after(live, want(1), paint(1, "impossible"));
    expect(fidelity(state)).toBe("unverified");
    expect(badge(state).why).toContain("this page is not a secure context");
  });
  it("is stalled without a connection, whatever is shown", () => expect(fidelity(after(live, want(1), paint(1), { type: "link", live: false }))).toBe("stalled"));
  it("is pending again after a reconnection until the new state is painted", () => {
    const back = after(live, want(1), paint(1), { type: "link", live: false }, live, want(2));
    expect(fidelity(back)).toBe("pending");
    expect(fidelity(next(back, paint(2)))).toBe("verified");
  });
  it("is a preview from a local change until the next paint", () => {
    const changed = after(live, want(1), paint(1), { type: "preview" });
    expect(fidelity(changed)).toBe("preview");
    expect(fidelity(next(changed, paint(1)))).toBe("verified");
  });
  it("forgets the picture when the viewport is cleared", () => expect(fidelity(after(live, want(1), paint(1), { type: "clear" }))).toBe("pending"));

  it("gives each state its own word and glyph", () => {
    const states = [START, after(live), after(live, want(1), paint(1)), after(live, want(1), paint(1, "different")), after(live, want(1), paint(1), active(true), want(2)), after(live, want(1), paint(1), { type: "preview" })];
    expect(new Set(states.map((state) => badge(state).words)).size).toBe(states.length);
    expect(new Set(states.map((state) => badge(state).glyph)).size).toBe(states.length);
  });
});

describe("the hash", () => {
  it("is SHA-256 in hex", async () => {
    expect(await sha256(new TextEncoder().encode("abc"))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
  it("compares strictly", () => {
    expect(check("ab", "ab")).toBe("equal");
    expect(check("ab", "ac")).toBe("different");
    expect(check(null, "ab")).toBe("impossible");
  });
});
