import { describe, expect, it } from "vitest";
import golden from "../../../../tests/golden/voi.json";
import type { Window } from "../messages";
import { originText } from "../overlay";
import { presetsFor } from "../presets";
import { displayed, dragged, readable, sameWindow, scaled, spanning, windowText } from "../voi";

const window = (center: number, width: number, kind: Window["function"] = "LINEAR"): Window => ({ center, width, function: kind, explanation: "" });

describe("window text", () => {
  it.each([
    [400, "400"],
    [-600, "-600"],
    [399.6, "400"],
    [40.5, "40.5"],
    [0.12345, "0.123"],
    [1e-7, "1e-7"],
    [0, "0"],
  ])("writes %d as %s", (value, expected) => expect(readable(value)).toBe(expected));

  it("names width before level, and nothing for colour", () => {
    expect(windowText(window(40, 400))).toBe("W 400 L 40");
    expect(windowText(null)).toBe("");
  });
});

describe("golden vectors of the server", () => {
  it.each(golden.map((vector, number) => ({ ...vector, number })))("$number: $function W $width L $center", (vector) => {
    const shown = displayed(vector.stored, window(vector.center, vector.width, vector.function as Window["function"]), vector, vector.inverted);
    expect(Array.from(shown)).toEqual(vector.display);
  });
});

describe("dragging a window", () => {
  it("widens to the right and raises the centre downwards", () => {
    const moved = dragged(window(40, 400), 64, -32);
    expect(moved.width).toBe(500);
    expect(moved.center).toBe(-10);
  });
  it("never makes a LINEAR window narrower than 1 (PS3.3 C.11.2.1.2)", () => expect(dragged(window(40, 400), -9999, 0).width).toBe(1));
  it("keeps the function", () => expect(dragged(window(40, 400, "SIGMOID"), 5, 5).function).toBe("SIGMOID"));
  it("moves narrow windows in fractions", () => expect(dragged(window(2, 5), 10, 0).width).toBeGreaterThan(5));
});

describe("presets", () => {
  const header = { samples: 1 as const, window: window(300, 600), choices: [{ explanation: "", window: window(300, 600) }, { explanation: "Bright", window: window(100, 200) }], value_range: [0, 1200] as [number, number] };

  it("are the known ones for CT, with the image's own last", () => {
    const presets = presetsFor("CT", header);
    expect(presets.map(({ key }) => key).join("")).toBe("123456789");
    expect(windowText(presets[0]?.change.window ?? null)).toBe("W 400 L 40");
    expect(windowText(presets[1]?.change.window ?? null)).toBe("W 1500 L -600");
    expect(windowText(presets[2]?.change.window ?? null)).toBe("W 1500 L 300");
    expect(presets[8]?.change.window).toBeNull();
  });
  it("are the image's own windows and what follows from it for the others", () => {
    const presets = presetsFor("MR", header);
    expect(presets.map(({ label }) => label)).toEqual(["Image's own", "Bright", "Full range", "Narrower", "Wider"]);
    expect(presets[0]?.change.window).toBeNull();
    expect(presets[3]?.change.window?.width).toBe(480);
  });
  it("name the image's VOI LUTs, and offer them in place of a window", () => {
    const presets = presetsFor("CR", { ...header, window: null, choices: [{ explanation: "NORMAL", window: null }, { explanation: "", window: null }] });
    expect(presets.map(({ label }) => label)).toEqual(["NORMAL", "VOI LUT", "Full range"]);
    expect(presets[1]?.change).toEqual({ window: null, choice: 1 });
  });
  it("are at most nine", () => expect(presetsFor("MR", { ...header, choices: Array.from({ length: 40 }, (_, i) => ({ explanation: "", window: window(i, 10) })) })).toHaveLength(9));
  it("are none for colour or an empty viewport", () => {
    expect(presetsFor("US", { ...header, samples: 3, window: null })).toEqual([]);
    expect(presetsFor("CT", null)).toEqual([]);
  });
  it("span the full range exactly by the LINEAR formula", () => {
    const { center, width } = spanning([-1000, 700]);
    expect(center - 0.5 - (width - 1) / 2).toBe(-1000);
    expect(center - 0.5 + (width - 1) / 2).toBe(700);
  });
});

it("windows are equal by their numbers and function, not by their words", () => {
  expect(sameWindow(window(1, 2), { ...window(1, 2), explanation: "x" })).toBe(true);
  expect(sameWindow(window(1, 2), window(1, 2, "SIGMOID"))).toBe(false);
  expect(sameWindow(null, null)).toBe(true);
  expect(scaled(window(0, 1), 0.1).width).toBe(1);
});

it("a window that the image did not choose says what it stands on", () => {
  expect(["", "image", "reader", "bits"].map((origin) => originText(origin as "image")).join("")).toBe("");
  expect(originText("series")).toContain("series");
  expect(originText("frame")).toContain("no window in image");
});
