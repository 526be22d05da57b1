import { describe, expect, it } from "vitest";
import { studyWords } from "../banner";
import { hooks } from "../hooks";
import { commandOf } from "../keys";
import type { Study } from "../messages";
import { windowOf } from "../model";
import { stalledWords } from "../overlay";
import { backOff, parseText, socketAddress } from "../socket";
import { NEWEST_FIRST, arranged, visibleRows } from "../table";
import { WheelFrames } from "../tools";
import { changed, opened, sameWanted, startPosition } from "../wanted";

const series = { uid: "1.2.3", study_uid: "1.2", modality: "CT", number: 1, description: "", body_part: "", instance_count: 200, frame_count: 200, rows: 512, columns: 512, frame_time_ms: null };

describe("the wanted picture", () => {
  it("begins in the middle of a stack, at the start of a cine or a short series", () => {
    expect(startPosition(series)).toBe(100);
    expect(startPosition({ frame_count: 200, frame_time_ms: 33 })).toBe(0);
    expect(startPosition({ frame_count: 20, frame_time_ms: null })).toBe(0);
  });
  it("stays inside its series", () => {
    expect(changed(opened(series), { position: 500 }).position).toBe(199);
    expect(changed(opened(series), { position: -5 }).position).toBe(0);
  });
  it("is the same only when its pixels are", () => {
    const wanted = opened(series);
    expect(sameWanted(wanted, { ...wanted })).toBe(true);
    expect(sameWanted(wanted, changed(wanted, { inverted: true }))).toBe(false);
  });
  it("shows through a window or through a VOI LUT, whichever was chosen last", () => {
    const window = { center: 40, width: 400, function: "LINEAR", explanation: "" } as const;
    const through = changed(opened(series), { choice: 1 });
    expect([through.choice, through.window]).toEqual([1, null]);
    const dragged = changed(through, { window });
    expect([dragged.choice, dragged.window]).toEqual([null, window]);
    expect(changed(through, { position: 3 }).choice).toBe(1);
  });
  it("takes a missing half of a shared window from the window shown", () => {
    const shown = { center: 40, width: 400, function: "SIGMOID", explanation: "" } as const;
    expect(windowOf(null, 700, shown)).toMatchObject({ center: 40, width: 700, function: "SIGMOID" });
    expect(windowOf(null, null, shown)).toBeNull();
    expect(windowOf(null, 700, null)).toBeNull();
    expect(windowOf(40, -1, shown)).toBeNull();
  });
});

describe("the wheel", () => {
  const turn = (deltaY: number, deltaMode = 0) => ({ deltaX: 0, deltaY, deltaMode });
  it("moves one frame a notch, whatever the notch's size", () => {
    const wheel = new WheelFrames();
    expect([turn(120), turn(-100), turn(53), turn(3, 1)].map((event) => wheel.take(event))).toEqual([1, -1, 1, 1]);
  });
  it("gathers a trackpad's pixels", () => {
    const wheel = new WheelFrames();
    expect([15, 15, 15, -5].map((delta) => wheel.take(turn(delta)))).toEqual([0, 0, 1, 0]);
  });
  it("reads a shifted wheel that the browser turned sideways", () => expect(new WheelFrames().take({ deltaX: 120, deltaY: 0, deltaMode: 0 })).toBe(1));
});

describe("keys", () => {
  const press = (key: string, ctrlKey = false) => commandOf({ key, ctrlKey, metaKey: false, altKey: false });
  it("are read without regard to case", () => expect([press("w"), press("W"), press("3"), press("?")]).toEqual(["window", "window", "preset-3", "sheet"]));
  it("leave the browser's own chords alone", () => expect([press("r", true), press("0", true), press("x")]).toEqual([null, null, null]));
});

describe("the connection", () => {
  it("finds its address on this origin", () => {
    expect(socketAddress("/user/x/reading/frames", { protocol: "https:", host: "h:1" })).toBe("wss://h:1/user/x/reading/frames");
    expect(socketAddress("/a", { protocol: "http:", host: "h" })).toBe("ws://h/a");
    expect(socketAddress("wss://other/a", { protocol: "http:", host: "h" })).toBe("wss://other/a");
  });
  it("waits longer from failure to failure, up to 5 s", () => expect([1, 2, 3, 4, 5, 99].map(backOff)).toEqual([500, 1000, 2000, 4000, 5000, 5000]));
  it("passes over what is not a message", () => {
    expect(["", "{", "null", "[]", "{}", '{"type":"evil"}'].map(parseText)).toEqual([null, null, null, null, null, null]);
    expect(parseText('{"type":"pong","sent":1}')).toEqual({ type: "pong", sent: 1 });
  });
});

describe("the hooks", () => {
  it("are all there, and empty, for a viewport without a picture", () => {
    const { "data-display": display, ...rest } = hooks(null, "");
    expect(new Set(Object.values(rest))).toEqual(new Set([""]));
    expect(display).toBe("review-only");
    expect(Object.keys(hooks(null, ""))).toContain("data-window-function");
  });
});

describe("the study list", () => {
  const study = (uid: string, change: Partial<Study>): Study => ({ uid, patient_name: "A", patient_id: "", birth_date: "", sex: "", date: "", time: "", description: "", accession_number: "", modalities: [], series_count: 0, instance_count: 0, ...change });
  const studies = [study("1", { date: "2026-01-01", modalities: ["CT"], instance_count: 9 }), study("2", { date: "2026-02-01", patient_name: "MÜLLER", instance_count: 100 }), study("3", { modalities: ["CT", "SR"], instance_count: 20 })];
  const uids = (found: Study[]) => found.map(({ uid }) => uid).join("");
  it("begins with the newest", () => expect(uids(arranged(studies, "", NEWEST_FIRST))).toBe("213"));
  it("sorts numbers as numbers", () => expect(uids(arranged(studies, "", { column: "images", descending: false }))).toBe("132"));
  it("keeps what holds every word of the filter", () => {
    expect(uids(arranged(studies, "ct sr", NEWEST_FIRST))).toBe("3");
    expect(uids(arranged(studies, "müller", NEWEST_FIRST))).toBe("2");
  });
  it("builds only the rows in sight beyond 300", () => {
    expect(visibleRows(300, 0, 800)).toEqual({ from: 0, to: 300 });
    const { from, to } = visibleRows(100_000, 32 * 5000, 800);
    expect(from).toBeLessThanOrEqual(5000);
    expect(to - from).toBeLessThan(60);
    expect(visibleRows(100_000, 0, 800).from).toBe(0);
  });
});

describe("words", () => {
  it("say over an image that is not live what happened and what to do", () => {
    expect(stalledWords(true, "")).toBe("Connection lost. This image is no longer live. Reconnecting…");
    expect(stalledWords(true, "Your access has ended.")).toBe("Your access has ended. This image is no longer live. Reload the page to log in again.");
    expect(stalledWords(false, "")).toBe("Connection lost. Reconnecting…");
  });
  it("name the modality of a study once", () => {
    expect(studyWords({ modalities: ["CT"], description: "CT chest" })).toBe("CT chest");
    expect(studyWords({ modalities: ["CT", "PR"], description: "ct chest" })).toBe("ct chest");
    expect(studyWords({ modalities: ["CT"], description: "ctenophora" })).toBe("CT ctenophora");
    expect(studyWords({ modalities: ["CT", "SR"], description: "" })).toBe("CT/SR");
    expect(studyWords({ modalities: [], description: "Chest" })).toBe("Chest");
  });
});
