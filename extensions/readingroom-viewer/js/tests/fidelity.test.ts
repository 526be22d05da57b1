import { describe, expect, it } from "vitest";
import { type Check, type FidelityEvent, type FidelityState, START, badge, check, fidelity, interpretationWarning, next, sha256 } from "../fidelity";

const PROVED = next(START, { type: "selfTest", passed: true });
const after = (...events: FidelityEvent[]) => events.reduce(next, PROVED);
const live: FidelityEvent = { type: "link", live: true };
const want = (seq: number): FidelityEvent => ({ type: "want", seq });
const paint = (seq: number, verdict: Check = "equal"): FidelityEvent => ({ type: "paint", seq, check: verdict });
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
    const changed = after(live, want(1), paint(1), { type: "preview", drawn: true });
    expect(fidelity(changed)).toBe("preview");
    expect(fidelity(next(changed, paint(1)))).toBe("verified");
  });
  it("is none any more when the picture is drawn as it came", () => {
    const changed = after(live, want(1), paint(1), want(2), { type: "preview", drawn: true });
    expect(fidelity(next(changed, { type: "preview", drawn: false }))).toBe("pending");
  });
  it("forgets the picture when the viewport is cleared", () => expect(fidelity(after(live, want(1), paint(1), { type: "clear" }))).toBe("pending"));

  it("gives each state its own word and glyph", () => {
    const states = [START, after(live), after(live, want(1), paint(1)), after(live, want(1), paint(1, "different")), after(live, want(1), paint(1), active(true), want(2)), after(live, want(1), paint(1), { type: "preview", drawn: true })];
    expect(new Set(states.map((state) => badge(state).words)).size).toBe(states.length);
    expect(new Set(states.map((state) => badge(state).glyph)).size).toBe(states.length);
  });
});

describe("every state", () => {
  const checks = ["equal", "different", "impossible", "lossy"] as const;
  const booleans = [false, true];
  const every: FidelityState[] = booleans.flatMap((live) =>
    booleans.flatMap((overdue) =>
      booleans.flatMap((active) =>
        booleans.flatMap((preview) =>
          (["untested", "proved", "failed"] as const).flatMap((decoder) =>
            [null, ...[1, 2].flatMap((seq) => checks.map((verdict) => ({ seq, check: verdict, ratio: verdict === "lossy" ? 14.2 : 1 })))].map((shown) => ({ live, overdue, active, preview, decoder, wanted: 2, shown })),
          ),
        ),
      ),
    ),
  );

  it("is verified only when all of it is so", () => {
    for (const state of every) {
      const { live, overdue, preview, decoder, shown, wanted } = state;
      const truly = live && !overdue && !preview && decoder === "proved" && shown?.seq === wanted && shown.check === "equal";
      expect(fidelity(state) === "verified", JSON.stringify(state)).toBe(truly);
    }
  });
  it("is no longer verified after anything that the reader or the network does", () => {
    const events: FidelityEvent[] = [want(3), paint(2, "different"), paint(2, "lossy"), paint(2, "impossible"), { type: "preview", drawn: true }, { type: "clear" }, { type: "link", live: false }, { type: "overdue", overdue: true }, { type: "selfTest", passed: false }];
    for (const state of every.filter((one) => fidelity(one) === "verified")) for (const event of events) expect(fidelity(next(state, event)), event.type).not.toBe("verified");
  });
  it("says stalled whenever the link is down or the answer late", () => {
    for (const state of every) if (!state.live || state.overdue) expect(fidelity(state)).toBe("stalled");
  });
  it("has words, a glyph and a sentence", () => {
    for (const state of every) expect(Object.values(badge(state)).every((text) => text.length > 0)).toBe(true);
  });
  it("of a mammogram warns, unless verified and of a lossless source", () => {
    for (const state of every) {
      const warned = interpretationWarning("MG", state, "") !== "";
      expect(warned).toBe(state.shown !== null && fidelity(state) !== "verified");
      expect(interpretationWarning("CT", state, "10.5")).toBe("");
      if (state.shown !== null) expect(interpretationWarning("MG", state, "10.5")).toBe("Not for primary interpretation");
    }
  });
});

describe("words", () => {
  const lossy: FidelityEvent = { type: "paint", seq: 1, check: "lossy", ratio: 14.2 };
  it("give the ratio of a moving picture with loss", () => expect(badge(after(live, want(1), lossy, active(true))).words).toBe("MOVING 14:1"));
  it("give no ratio where the moving picture is exact", () => expect(badge(after(live, want(1), paint(1), active(true), want(2))).words).toBe("MOVING"));
  it("say pending for a picture with loss at rest", () => expect(fidelity(after(live, want(1), lossy))).toBe("pending"));
  it("tell a late answer from a lost connection", () => {
    const late = after(live, want(1), { type: "overdue", overdue: true });
    expect([badge(late).words, badge(late).why.includes("not answered"), badge(START).why.includes("lost")]).toEqual(["STALLED", true, true]);
  });
  it("say why nothing can be verified", () => {
    expect(badge(after(live, want(1), paint(1, "impossible"))).words).toBe("UNVERIFIED no secure context");
    expect(badge(after(live, { type: "selfTest", passed: false }, want(1), paint(1))).words).toBe("UNVERIFIED self-test failed");
  });
  it("wait for the start-up test", () => expect(fidelity([live, want(1), paint(1)].reduce(next, START))).toBe("pending"));
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
