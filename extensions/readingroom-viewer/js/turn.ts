// How a picture is turned before it is shown: by quarters clockwise, then mirrored left to right (PS3.3 C.10.6).

export interface Turn {
  /** Quarter turns clockwise, 0 to 3, before any mirroring. */
  readonly quarters: number;
  /** Left and right are exchanged after the turn. */
  readonly flipped: boolean;
}

export const UPRIGHT: Turn = { quarters: 0, flipped: false };

/** Turn what is seen by quarters clockwise; a mirrored picture turns the other way inside. */
export function turned(turn: Turn, quarters: number): Turn {
  return { ...turn, quarters: (turn.quarters + (turn.flipped ? -quarters : quarters) + 8) % 4 };
}

/** Mirror what is seen left to right. */
export function flippedAcross(turn: Turn): Turn {
  return { ...turn, flipped: !turn.flipped };
}

/** Mirror what is seen top to bottom: half a turn, then left to right. */
export function flippedDown(turn: Turn): Turn {
  return { quarters: (turn.quarters + 2) % 4, flipped: !turn.flipped };
}

/** The matrix (a, b, c, d) of a canvas transform: x' = a·x + c·y, y' = b·x + d·y, y running down. */
export type Matrix = readonly [a: number, b: number, c: number, d: number];

const QUARTERS: readonly Matrix[] = [
  [1, 0, 0, 1],
  [0, 1, -1, 0],
  [-1, 0, 0, -1],
  [0, -1, 1, 0],
];

export function matrixOf(turn: Turn): Matrix {
  const [a, b, c, d] = QUARTERS[turn.quarters] ?? [1, 0, 0, 1];
  return turn.flipped ? [0 - a, b, 0 - c, d] : [a, b, c, d];
}

/** Whether rows run down the screen's columns, so that width and height change places. */
export function isSideways(turn: Turn): boolean {
  return turn.quarters % 2 === 1;
}

/** "Turned 90° · Flipped", empty for a picture as it came. */
export function turnText(turn: Turn): string {
  return [turn.quarters === 0 ? "" : `Turned ${turn.quarters * 90}°`, turn.flipped ? "Flipped" : ""].filter(Boolean).join(" · ");
}
