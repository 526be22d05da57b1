// Windows on the keys 1 to 9, per modality.

import type { FrameHeader, Window } from "./messages";
import { scaled, spanning, windowText } from "./voi";

export interface Preset {
  /** "1" to "9". */
  key: string;
  label: string;
  /** null asks for the image's own window. */
  window: Window | null;
}

const CT: readonly (readonly [label: string, width: number, center: number])[] = [
  ["Soft", 400, 40],
  ["Lung", 1500, -600],
  ["Bone", 1500, 300],
  ["Brain", 80, 40],
  ["Stroke", 40, 40],
  ["Subdural", 200, 75],
  ["Liver", 150, 90],
  ["Mediast.", 350, 50],
];

/** Return up to nine presets for a shown frame; colour frames have no window and so no presets. */
export function presetsFor(modality: string, header: Pick<FrameHeader, "window" | "windows" | "value_range"> | null): Preset[] {
  if (header === null || header.window === null) return [];
  const found: Omit<Preset, "key">[] = modality === "CT" ? hounsfield() : ownAndDerived(header, header.window);
  return found.slice(0, 9).map((preset, index) => ({ ...preset, key: String(index + 1) }));
}

function hounsfield(): Omit<Preset, "key">[] {
  const fixed = CT.map(([label, width, center]) => ({
    label,
    window: { center, width, function: "LINEAR", explanation: label } satisfies Window,
  }));
  return [...fixed, { label: "Image's own", window: null }];
}

function ownAndDerived(header: Pick<FrameHeader, "windows" | "value_range">, now: Window): Omit<Preset, "key">[] {
  const own = header.windows.slice(0, 6).map((window, index) => ({
    label: window.explanation || (index === 0 ? "Image's own" : windowText(window)),
    window: index === 0 ? null : window,
  }));
  if (own.length === 0) own.push({ label: "Image's own", window: null });
  const full = header.value_range === null ? [] : [{ label: "Full range", window: spanning(header.value_range) }];
  return [...own, ...full, { label: "Narrower", window: scaled(now, 0.8) }, { label: "Wider", window: scaled(now, 1.25) }];
}
