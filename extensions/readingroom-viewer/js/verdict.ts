// What a picture that arrived is worth: whether it is the server's own pixels, whole, and may be kept for later.

import { coarseness, isCoarse, laidOut } from "./coarse";
import { type Check, check } from "./fidelity";
import type { Arrived } from "./intake";
import type { FrameHeader } from "./messages";
import type { Held } from "./ring";

export type Whole = Exclude<Arrived, { kind: "part" }>;

export interface Verdict {
  /** In pixels of the picture at rest. */
  header: FrameHeader;
  check: Check;
  /** Of a picture with loss; 1 for an exact one. */
  ratio: number;
  /** The decoder's output and its hash, where the picture is whole and lost nothing. */
  exact: Held | null;
}

export function verdictOn(picture: Whole): Verdict {
  const header = laidOut(picture.header);
  if (picture.kind === "lossy") return { header, check: "lossy", ratio: picture.ratio, exact: null };
  const ratio = coarseness(picture.header);
  const transit = check(picture.computed, header.sha256);
  if (isCoarse(header)) return { header, check: transit === "equal" ? "lossy" : transit, ratio, exact: null };
  return { header, check: transit, ratio, exact: { header, pixels: picture.pixels, computed: picture.computed } };
}

/** Whether a picture may be painted again later: nothing is known against it, and it will not be another one by then. */
export function isLasting({ header, check: found, exact }: Verdict): boolean {
  return exact !== null && (found === "equal" || found === "impossible") && header.loaded === 1;
}
