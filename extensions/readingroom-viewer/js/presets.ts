// Windows on the keys 1 to 9, per modality.

import type { FrameHeader, Window } from "./messages";
import { sameWindow, scaled, spanning, windowText } from "./voi";
import type { Wanted } from "./wanted";

export interface Preset {
  /** "1" to "9". */
  key: string;
  label: string;
  change: Choice;
}

/** A window, or the number of one of the image's own choices; neither is the image's own way. */
export type Choice = Pick<Wanted, "window" | "choice">;

type Shown = Pick<FrameHeader, "samples" | "window" | "choices" | "value_range">;

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

/** Whether a choice is what the reader wants now. */
export function isChosen(choice: Choice, wanted: Wanted | null): boolean {
  return wanted !== null && choice.choice === wanted.choice && sameWindow(choice.window, wanted.window);
}

const through = (window: Window | null): Choice => ({ window, choice: null });
const OWN: Omit<Preset, "key"> = { label: "Image's own", change: through(null) };

/** Return up to nine presets for a shown frame; colour frames have no window and so no presets. */
export function presetsFor(modality: string, header: Shown | null): Preset[] {
  if (header === null || header.samples === 3) return [];
  const found: Omit<Preset, "key">[] = modality === "CT" ? hounsfield() : ownAndDerived(header);
  return found.slice(0, 9).map((preset, index) => ({ ...preset, key: String(index + 1) }));
}

function hounsfield(): Omit<Preset, "key">[] {
  const fixed = CT.map(([label, width, center]) => ({
    label,
    change: through({ center, width, function: "LINEAR", explanation: label }),
  }));
  return [...fixed, OWN];
}

function ownAndDerived(header: Shown): Omit<Preset, "key">[] {
  const own = header.choices.slice(0, 6).map(({ explanation, window }, index) => ({
    label: explanation || (index === 0 ? OWN.label : window === null ? "VOI LUT" : windowText(window)),
    change: index === 0 ? OWN.change : window === null ? { window: null, choice: index } : through(window),
  }));
  const full = header.value_range === null ? [] : [{ label: "Full range", change: through(spanning(header.value_range)) }];
  return [...(own.length > 0 ? own : [OWN]), ...full, ...steps(header.window)];
}

function steps(now: Window | null): Omit<Preset, "key">[] {
  if (now === null) return [];
  return [
    { label: "Narrower", change: through(scaled(now, 0.8)) },
    { label: "Wider", change: through(scaled(now, 1.25)) },
  ];
}
