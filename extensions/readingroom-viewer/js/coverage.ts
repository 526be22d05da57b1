// Which images of a series this reader has had on the screen, lossless and proved. A jump, a preview or a picture with loss
// leaves what it passes unseen. The record is the server's; this is what the page knows of it, for all its viewports.

import type { CoverageMessage, FrameHeader, Runs } from "./messages";
import type { Wanted } from "./wanted";

export class Coverage {
  /** 1 for what was painted lossless in this read. */
  readonly seen: Uint8Array;
  /** 1 for what was only in an earlier read; it does not count for this one. */
  readonly before: Uint8Array;
  /** Grows with every change. */
  version = 0;

  constructor(count: number) {
    this.seen = new Uint8Array(count);
    this.before = new Uint8Array(count);
  }

  mark(position: number): void {
    if (this.seen[position] !== 0) return;
    this.seen[position] = 1;
    this.before[position] = 0;
    this.version += 1;
  }

  /** Take the record: what this page has painted meanwhile stays seen. */
  load({ seen, before }: Pick<CoverageMessage, "seen" | "before">): void {
    fill(this.seen, seen);
    fill(this.before, before);
    this.seen.forEach((seen, position) => seen === 1 && (this.before[position] = 0));
    this.version += 1;
  }
}

const known = new Map<string, Coverage>();

/** What is known of the images of a series, or of the planes cut out of it. */
export function coverageOf({ seriesUid, reformat, count }: Pick<Wanted, "seriesUid" | "reformat" | "count">): Coverage {
  const what = `${seriesUid} ${reformat?.plane ?? ""}`;
  let coverage = known.get(what);
  if (coverage === undefined || coverage.seen.length !== count) known.set(what, (coverage = new Coverage(count)));
  return coverage;
}

/** A picture is on the screen, lossless and proved. */
export function markSeen(header: FrameHeader): void {
  coverageOf({ seriesUid: header.series_uid, reformat: header.reformat, count: Math.max(1, header.count) }).mark(header.position);
}

/** Take the record of a series; of another number of images than the page knows it says nothing. */
export function loadCoverage(message: CoverageMessage): void {
  coverageOf({ seriesUid: message.series_uid, reformat: null, count: message.count }).load(message);
}

/** "0-9,12" for the positions that are set. */
export function runsText(marks: Uint8Array): string {
  return runs(marks)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join();
}

function runs(marks: Uint8Array): Runs {
  const found: Runs = [];
  for (let at = 0; at < marks.length; at++) {
    if (marks[at] !== 1) continue;
    const last = found.at(-1);
    if (last !== undefined && last[1] === at - 1) last[1] = at;
    else found.push([at, at]);
  }
  return found;
}

function fill(marks: Uint8Array, all: Runs): void {
  for (const [first, last] of all) marks.fill(1, first, last + 1);
}
