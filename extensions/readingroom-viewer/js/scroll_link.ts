// Viewports that scroll together: one leads, the others go to the image that lies nearest in millimetres.

import type { PlacesMessage, Request } from "./messages";
import type { Pane } from "./pane";

type Vector = readonly [number, number, number];

/** Where the images of a series lie, as following needs it. */
export interface Places {
  readonly frameOfReference: string;
  readonly centers: readonly Vector[];
  readonly normal: Vector;
  /** Millimetres of each image along the normal. */
  readonly along: readonly number[];
  /** The widest gap between neighbours. */
  readonly step: number;
}

/** Planes that meet at more than 15° do not show the same place. */
const PARALLEL = Math.cos((15 * Math.PI) / 180);
/** Images closer than this lie in one place, such as the phases of a series: the one nearest in number is taken. */
const SAME_MM = 0.01;

export function placesOf({ frame_of_reference_uid, orientation, centers }: Omit<PlacesMessage, "type" | "series_uid">): Places {
  const normal = normalOf(orientation);
  const along = centers.map((center) => dot(normal, center));
  const sorted = [...along].sort((a, b) => a - b);
  const step = sorted.reduce((widest, value, index) => Math.max(widest, value - (sorted[index - 1] ?? value)), 0);
  return { frameOfReference: frame_of_reference_uid, centers, normal, along, step };
}

/**
 * The position in `to` that lies where `at` lies in `from`; null where they share no frame of reference or direction, or
 * where `to` does not reach: an image farther away than its neighbour is no answer. `now` is the position in `to` so far.
 */
export function following(from: Places, at: number, to: Places, now: number): number | null {
  const point = from.centers[at];
  if (point === undefined || to.along.length === 0 || from.frameOfReference !== to.frameOfReference) return null;
  if (Math.abs(dot(to.normal, from.normal)) < PARALLEL) return null;
  const here = dot(to.normal, point);
  const nearest = to.along.reduce((least, value) => Math.min(least, Math.abs(value - here)), Infinity);
  if (nearest > Math.max(to.step, SAME_MM)) return null;
  const found = to.along.flatMap((value, position) => (Math.abs(value - here) <= nearest + SAME_MM ? [position] : []));
  return found.reduce((best, position) => (Math.abs(position - now) < Math.abs(best - now) ? position : best));
}

function normalOf(orientation: readonly number[]): Vector {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = orientation;
  return [b * f - c * e, c * d - a * f, a * e - b * d];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export class ScrollLink {
  on = false;
  readonly #send: (message: Request) => boolean;
  readonly #places = new Map<string, Places>();
  readonly #asked = new Set<string>();
  /** Where each viewport was: only one that moves within its series leads the others. */
  readonly #last = new WeakMap<Pane, { series: string; position: number }>();
  #leads = false;

  constructor(send: (message: Request) => boolean) {
    this.#send = send;
  }

  toggle(panes: readonly Pane[]): void {
    this.on = !this.on;
    this.#asked.clear();
    if (this.on) for (const pane of panes) this.#learn(pane.viewport.wanted?.seriesUid);
  }

  /** Another study: nothing is known of it. */
  clear(): void {
    this.#places.clear();
    this.#asked.clear();
  }

  receive(message: PlacesMessage): void {
    this.#places.set(message.series_uid, placesOf(message));
  }

  /** A viewport wants something else: where its position changed, the others follow. */
  moved(pane: Pane, panes: readonly Pane[]): void {
    const { wanted } = pane.viewport;
    if (wanted === null || wanted.reformat !== null) return;
    const before = this.#last.get(pane);
    this.#last.set(pane, { series: wanted.seriesUid, position: wanted.position });
    if (!this.on || this.#leads) return;
    this.#learn(wanted.seriesUid);
    if (before?.series !== wanted.seriesUid || before.position === wanted.position) return;
    this.#leads = true;
    for (const other of panes) if (other !== pane) this.#follow(wanted.seriesUid, wanted.position, other);
    this.#leads = false;
  }

  #follow(series: string, position: number, { viewport }: Pane): void {
    const [from, to] = [this.#places.get(series), this.#places.get(viewport.wanted?.seriesUid ?? "")];
    if (from === undefined || to === undefined || viewport.wanted === null || viewport.wanted.reformat !== null) return;
    const there = following(from, position, to, viewport.wanted.position);
    if (there === null || there === viewport.wanted.position) return;
    viewport.activity.touch();
    viewport.walk.follow(there);
  }

  #learn(series: string | undefined): void {
    if (series === undefined || this.#places.has(series) || this.#asked.has(series)) return;
    if (this.#send({ type: "places", series_uid: series })) this.#asked.add(series);
  }
}
