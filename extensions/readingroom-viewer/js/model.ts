// The slow state that Python shares with us (anywidget traits or Panel parameters), without echo loops.

import { CleanUp } from "./dom";
import type { Window } from "./messages";

/** What anywidget and Panel's AnyWidgetComponent both offer. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, listener: () => void): void;
  off(event: string, listener?: () => void): void;
}

/** The part that the reader and Python both change. */
export interface Shared {
  study_uid: string;
  series_uid: string;
  position: number;
  window_center: number | null;
  window_width: number | null;
  inverted: boolean;
}

const NAMES = ["study_uid", "series_uid", "position", "window_center", "window_width", "inverted"] as const;
const THROTTLE_MS = 100;
/** A value of our own that comes back within this time is an echo, not a wish. */
const ECHO_MS = 1_000;

export const text = (model: Model, name: string): string => {
  const value = model.get(name);
  return typeof value === "string" ? value : "";
};

export const number = (model: Model, name: string): number => {
  const value = model.get(name);
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
};

export class ModelSync {
  readonly #model: Model;
  readonly #cleanUp = new CleanUp();
  #pending: Partial<Shared> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = false;
  readonly #written = new Map<string, { value: unknown; at: number }[]>();

  constructor(model: Model, changed: (change: Partial<Shared>) => void) {
    this.#model = model;
    for (const name of NAMES) {
      const listener = () => {
        if (this.#writing || this.#isEcho(name)) return;
        changed({ [name]: this.read()[name] });
      };
      model.on(`change:${name}`, listener);
      this.#cleanUp.add(() => model.off(`change:${name}`, listener));
    }
  }

  read(): Shared {
    const number = (name: string) => {
      const value = this.#model.get(name);
      return typeof value === "number" && Number.isFinite(value) ? value : null;
    };
    return {
      study_uid: text(this.#model, "study_uid"),
      series_uid: text(this.#model, "series_uid"),
      position: Math.max(0, Math.round(number("position") ?? 0)),
      window_center: number("window_center"),
      window_width: number("window_width"),
      inverted: this.#model.get("inverted") === true,
    };
  }

  /** Tell Python, at most ten times a second and never before the picture was asked for; the last state always arrives. */
  write(state: Partial<Shared>): void {
    Object.assign(this.#pending, state);
    this.#timer ??= setTimeout(() => this.#flush(), THROTTLE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#cleanUp.run();
  }

  #flush(): void {
    this.#timer = undefined;
    const now = this.read();
    const changes = Object.entries(this.#pending).filter(([name, value]) => now[name as keyof Shared] !== value);
    this.#pending = {};
    if (changes.length === 0) return;
    this.#writing = true;
    try {
      for (const [name, value] of changes) {
        this.#remember(name, value);
        this.#model.set(name, value);
      }
      this.#model.save_changes();
    } finally {
      this.#writing = false;
    }
  }

  #remember(name: string, value: unknown): void {
    const recent = (this.#written.get(name) ?? []).filter(({ at }) => performance.now() - at < ECHO_MS);
    this.#written.set(name, [...recent, { value, at: performance.now() }]);
  }

  #isEcho(name: (typeof NAMES)[number]): boolean {
    const value = this.read()[name];
    return (this.#written.get(name) ?? []).some((own) => own.value === value && performance.now() - own.at < ECHO_MS);
  }
}

/** A window from the two shared numbers; one that is missing is taken from the window shown. */
export function windowOf(center: number | null, width: number | null, shown: Window | null): Window | null {
  if (center === null && width === null) return null;
  const c = center ?? shown?.center;
  const w = width ?? shown?.width;
  if (c === undefined || w === undefined || !(w > 0)) return null;
  return { center: c, width: w, function: shown?.function ?? "LINEAR", explanation: "" };
}
