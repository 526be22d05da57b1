// What a presentation state asks for, checked as it arrives and turned into where and how a picture lies.

import type { Option } from "./menu";
import type { DisplayedArea, GraphicLayer, Point, Presentation, PresentationEntry, Series, Shape, TextObject } from "./messages";
import { type Turn, UPRIGHT } from "./turn";

const ROTATIONS: readonly unknown[] = [0, 90, 180, 270];
const KINDS: readonly unknown[] = ["POINT", "MULTIPOINT", "POLYLINE", "INTERPOLATED", "CIRCLE", "ELLIPSE"];
const JUSTIFICATIONS: readonly unknown[] = ["LEFT", "CENTER", "RIGHT"];

export function turnOf(presentation: Presentation | null): Turn {
  if (presentation === null) return UPRIGHT;
  const { rotation, flip } = presentation.transformation;
  return { quarters: rotation / 90, flipped: flip };
}

/** What a reader can choose for a series: the image as it came, or one of the presentation states that refer to it. */
export function presentationOptions(all: PresentationEntry[], series: Series | null): Option[] {
  const own = { value: "", label: "Original image", title: "Without a presentation state" };
  const fitting = all.filter(({ positions }) => series !== null && series.uid in positions);
  return [
    own,
    ...fitting.map(({ uid, label, description, creator, created, problem }) => ({
      value: uid,
      label: [label, creator].filter(Boolean).join(" · ") || "Presentation state",
      title: [problem, description, creator, created].filter(Boolean).join(" · "),
      disabled: problem !== "",
    })),
  ];
}

/** The position to go to for a presentation state: the one shown if the state is for it, else its first. */
export function positionFor(entry: PresentationEntry | undefined, seriesUid: string, position: number): number {
  const positions = entry?.positions[seriesUid] ?? [];
  return positions.includes(position) ? position : (positions[0] ?? position);
}

/** Whether two presentations lay the picture out alike: while scrolling, a reader's own zoom is kept if they do. */
export function sameLayout(a: Presentation | null, b: Presentation | null): boolean {
  return JSON.stringify([a?.transformation, a?.area]) === JSON.stringify([b?.transformation, b?.area]);
}

/** Whether a value that came over the wire is a presentation that can be drawn. */
export function isPresentation(value: unknown): value is Presentation {
  if (!isRecord(value) || !isRecord(value.transformation)) return false;
  return (
    ROTATIONS.includes(value.transformation.rotation) &&
    typeof value.transformation.flip === "boolean" &&
    isArea(value.area) &&
    Array.isArray(value.layers) &&
    value.layers.every(isLayer)
  );
}

function isArea(value: unknown): value is DisplayedArea {
  if (!isRecord(value)) return false;
  const { left, top, right, bottom } = value as Record<string, number>;
  const finite = [left, top, right, bottom].every(Number.isFinite);
  return finite && Number(left) < Number(right) && Number(top) < Number(bottom);
}

function isLayer(value: unknown): value is GraphicLayer {
  return (
    isRecord(value) &&
    Number.isFinite(value.gray) &&
    Array.isArray(value.shapes) &&
    value.shapes.every(isShape) &&
    Array.isArray(value.texts) &&
    value.texts.every(isText)
  );
}

function isShape(value: unknown): value is Shape {
  return isRecord(value) && KINDS.includes(value.kind) && Array.isArray(value.points) && value.points.every(isPoint);
}

function isText(value: unknown): value is TextObject {
  return (
    isRecord(value) &&
    typeof value.text === "string" &&
    JUSTIFICATIONS.includes(value.justification) &&
    [value.top_left, value.bottom_right, value.anchor].every((point) => point === null || isPoint(point))
  );
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
