import { beforeAll, describe, expect, it } from "vitest";
import { coverageOf, runsText } from "../coverage";
import { neighbours } from "../ring";
import { Desk, SERIES, neighbour } from "./server";
import { setStage } from "./stage";
import { answer, pack, sealed } from "./transit";

beforeAll(() => setStage());

const upTo = (first: number, count: number, step = 1) => Array.from({ length: count }, (_, i) => first + i * step);

/** A desk whose series no other test has seen. */
function desk(uid: string): Desk {
  return new Desk({ ...SERIES, uid });
}

const seen = ({ viewport }: Desk) => runsText(coverageOf(viewport.wanted!).seen);

describe("the ring", () => {
  it("asks for the nearest first, ten ahead and two behind", () => {
    expect(neighbours(50, 1, 200)).toEqual([51, 49, 52, 48, ...upTo(53, 8)]);
    expect(neighbours(50, -1, 200)).toEqual([49, 51, 48, 52, ...upTo(47, 8, -1)]);
  });

  it("ends with the series, unless that goes round", () => {
    expect(neighbours(199, 1, 200)).toEqual([198, 197]);
    expect(neighbours(199, 1, 200, true).slice(0, 3)).toEqual([0, 198, 1]);
    expect(neighbours(1, 1, 3, true)).toEqual([2, 0]);
  });
});

describe("a walk", () => {
  it("paints a hundred steps in order, each once, and asks for none of them", async () => {
    const one = desk("steps");
    await one.settled();
    const views = one.views.length;
    for (let i = 0; i < 90; i++) one.viewport.walk.by(1);
    await one.until(() => one.walked.length === 90 && one.fidelity === "verified");
    expect(one.walked).toEqual(upTo(101, 90));
    expect(one.proved).not.toContain(false);
    expect(one.views.length).toBe(views);
    expect(seen(one)).toBe("100-190");
  });

  it("leaves what a jump passes unseen", async () => {
    const one = desk("jump");
    await one.settled();
    one.viewport.walk.by(10);
    await one.settled();
    one.viewport.walk.by(2);
    await one.until(() => one.walked.length === 2);
    expect(seen(one)).toBe("100,110-112");
  });

  it("turned round, goes back from the slice that is seen", async () => {
    const one = desk("turn");
    await one.settled();
    for (let i = 0; i < 8; i++) one.viewport.walk.by(1);
    await one.until(() => one.walked.length === 3);
    one.viewport.walk.by(-1);
    await one.until(() => one.walked.length === 4 && one.fidelity === "verified");
    expect(one.walked).toEqual([101, 102, 103, 102]);
  });

  it("follows a hand that drags, and back to the slice that is seen", async () => {
    const one = desk("drag");
    await one.settled();
    one.viewport.walk.follow(108);
    await one.until(() => one.walked.length === 2);
    one.viewport.walk.follow(102);
    await one.until(() => one.fidelity === "verified");
    expect(one.walked).toEqual([101, 102, 102]);
  });

  it("ends with the series and begins again only in a loop", async () => {
    const one = desk("end");
    await one.settled();
    one.viewport.want({ position: 198 });
    await one.settled();
    one.viewport.walk.by(5);
    await one.until(() => one.fidelity === "verified");
    expect(one.walked).toEqual([199]);
    one.viewport.walk.next();
    one.viewport.walk.next();
    await one.until(() => one.fidelity === "verified" && one.viewport.header?.position === 1);
  });

  it("of another window is painted by no picture of the one before", async () => {
    const one = desk("window");
    await one.settled();
    const late = pack(neighbour(one.look, 101));
    one.answers = false;
    one.viewport.want({ window: { center: 10, width: 20, function: "LINEAR", explanation: "" } });
    one.receive(late);
    one.viewport.walk.by(1);
    await new Promise((done) => setTimeout(done, 50));
    expect(one.walked).toEqual([]);
    expect(one.fidelity).not.toBe("verified");
  });

  it("leaves the link to a hand that changes the window, and begins as soon as it scrolls", async () => {
    const one = desk("calm");
    await one.settled();
    const before = one.asked.length;
    one.viewport.want({ window: { center: 10, width: 20, function: "LINEAR", explanation: "" } });
    await one.until(() => one.fidelity === "verified");
    await new Promise((done) => setTimeout(done, 50));
    expect(one.asked.length).toBe(before);
    one.viewport.walk.by(1);
    await one.until(() => one.walked.length === 1);
    expect(one.asked.length).toBeGreaterThan(before);
  });

  it.each(["link", "again"] as const)("begins anew after a break (%s)", async (what) => {
    const one = desk(what);
    await one.settled();
    one.answers = false;
    if (what === "link") one.viewport.link(false);
    else one.viewport.askAgain();
    one.viewport.walk.by(1);
    await new Promise((done) => setTimeout(done, 50));
    expect(one.walked).toEqual([]);
  });

  it("waits for the picture that was asked for before it", async () => {
    const one = desk("behind");
    await one.settled();
    one.answers = false;
    one.viewport.want({ position: 103 });
    one.viewport.walk.by(1);
    await new Promise((done) => setTimeout(done, 50));
    expect(one.walked).toEqual([]);
    one.receive(pack(answer(one.look)));
    await one.until(() => one.fidelity === "verified");
    expect(one.walked).toEqual([104]);
  });

  it("takes nothing that was asked for before everything was asked for anew", async () => {
    const one = desk("anew");
    await one.settled();
    const old = pack(neighbour(one.look, 101));
    one.ahead = () => null;
    one.viewport.askAgain();
    await one.until(() => one.fidelity === "verified");
    one.receive(old);
    await new Promise((done) => setTimeout(done, 20));
    one.answers = false;
    one.viewport.walk.by(1);
    await new Promise((done) => setTimeout(done, 50));
    expect(one.walked).toEqual([]);
  });

  it("that starves becomes a jump to what is wanted", async () => {
    const one = desk("starved");
    await one.settled();
    one.ahead = () => null;
    for (let i = 0; i < 15; i++) one.viewport.walk.by(1);
    await one.until(() => one.walked.length === 10);
    await one.until(() => one.fidelity === "verified" && one.viewport.header?.position === 115);
    expect(seen(one)).toBe("100-110,115");
  });

  it("asks anew when the series has grown, for its positions are others now", async () => {
    const one = desk("grown");
    one.ahead = (look, position) => {
      const { header, pixels } = neighbour(look, position);
      return pack(sealed({ header: { ...header, count: 201 }, pixels }));
    };
    await one.until(() => one.views.length > 1);
    expect(one.walked).toEqual([]);
  });
});
