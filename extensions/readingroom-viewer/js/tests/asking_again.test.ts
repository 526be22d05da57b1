import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { AskingAgain } from "../asking_again";
import { type Wanted, changed, opened } from "../wanted";

const SERIES = { uid: "1", study_uid: "1", modality: "CT", number: 1, description: "", body_part: "", instance_count: 9, frame_count: 9, rows: 1, columns: 1, frame_time_ms: null };
const FIRST = opened(SERIES);

/** A reader who wants one picture, and what was asked again of the server. */
class Reader {
  seq = 1;
  asked: number[] = [];
  readonly overdue: boolean[] = [];
  readonly again = new AskingAgain({
    isAwaited: () => true,
    seq: () => this.seq,
    overdue: (overdue) => this.overdue.push(overdue),
    askAgain: () => {
      this.seq += 1;
      this.asked.push(Math.round(performance.now()));
    },
  });

  /** Let the picture of `wanted` come damaged so many times; return the pauses in milliseconds before it was asked for again. */
  pauses(wanted: Wanted, times: number): number[] {
    return Array.from({ length: times }, () => {
      const start = Math.round(performance.now());
      this.again.damaged(wanted);
      vi.advanceTimersByTime(20_000);
      return this.asked.at(-1)! - start;
    });
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a picture that comes damaged", () => {
  it("is asked for again for as long as it is wanted, at ever longer pauses", () => expect(new Reader().pauses(FIRST, 8)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]));

  it("is asked for at once again when another one was wanted or came whole in between", () => {
    const reader = new Reader();
    expect(reader.pauses(FIRST, 3)).toEqual([250, 500, 1000]);
    expect(reader.pauses(changed(FIRST, { position: 2 }), 2)).toEqual([250, 500]);
    reader.again.proved();
    expect(reader.pauses(changed(FIRST, { position: 2 }), 1)).toEqual([250]);
  });

  it("is not asked for once the reader has moved on", () => {
    const reader = new Reader();
    reader.again.damaged(FIRST);
    reader.seq += 1;
    vi.advanceTimersByTime(20_000);
    expect(reader.asked).toEqual([]);
  });
});

describe("a picture that does not come", () => {
  it("is overdue after a second and asked for again after five, until something comes", () => {
    const reader = new Reader();
    reader.again.start();
    vi.advanceTimersByTime(999);
    expect(reader.overdue).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(reader.overdue).toEqual([true]);
    vi.advanceTimersByTime(4_000);
    expect([reader.asked.length, reader.overdue]).toEqual([1, [true, false]]);
  });
});
