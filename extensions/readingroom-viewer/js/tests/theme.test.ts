import { expect, it } from "vitest";
import tokens from "../theme/tokens.css?raw";

const colour = (name: string): string => new RegExp(`--rr-${name}:\\s*(#[0-9a-f]{3,6})`).exec(tokens)?.[1] ?? "";

/** Relative luminance, WCAG 2.2. */
function luminance(hex: string): number {
  const full = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  const [r = 0, g = 0, b = 0] = [0, 2, 4].map((at) => {
    const share = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [bright = 0, dark = 0] = [luminance(colour(a)), luminance(colour(b))].sort((x, y) => y - x);
  return (bright + 0.05) / (dark + 0.05);
}

const PAIRS = [
  ...["text", "dim", "verified", "moving", "lossy", "error-text", "accent"].flatMap((ink) => ["image", "ground", "surface", "raised"].map((paper) => [ink, paper] as const)),
  ["text", "chosen"] as const,
  ["dim", "chosen"] as const,
  ["on-accent", "accent"] as const,
];

it.each(PAIRS)("%s on %s has a contrast of at least 4.5:1", (ink, paper) => {
  expect(contrast(ink, paper)).toBeGreaterThanOrEqual(4.5);
});
