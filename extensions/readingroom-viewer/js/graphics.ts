// Graphics and text of a presentation state, drawn as vectors over the picture so that no pixel of it is touched.

import { setAttribute } from "./dom";
import type { FrameHeader, GraphicLayer, Point, Shape, TextObject } from "./messages";
import { type Placement, onScreen } from "./paint";

const SVG = "http://www.w3.org/2000/svg";
const LINE_HEIGHT = 1.25;
const FONT = { least: 10, most: 22, free: 14 };
const POINT_RADIUS = 3;

type Place = (point: Point) => Point;
type Attributes = Record<string, string | number>;

export class Graphics {
  readonly element = svg("svg", { class: "rr-graphics" });
  #drawn = "";

  constructor() {
    this.element.setAttribute("data-testid", "graphics");
    this.element.setAttribute("aria-hidden", "true");
  }

  /** Draw what belongs to the shown frame; `width`, `height` and `ratio` are the canvas in device pixels and those per CSS pixel. */
  update(header: FrameHeader | null, place: Placement, width: number, height: number, ratio: number): void {
    const layers = header?.presentation?.layers ?? [];
    const key = header === null || layers.length === 0 ? "" : JSON.stringify([header.sop_uid, header.frame, header.presentation_uid, place, width, height, ratio]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    if (header === null || layers.length === 0) return this.element.replaceChildren();
    const map = onScreen(header, place, width, height);
    const inCss: Place = (point) => map(point).map((n) => n / ratio) as Point;
    this.element.replaceChildren(...layers.map((layer) => drawLayer(layer, inCss)));
  }
}

function drawLayer(layer: GraphicLayer, place: Place): SVGElement {
  const gray = Math.round(Math.min(255, Math.max(0, layer.gray)));
  const group = svg("g", { style: `color: rgb(${gray} ${gray} ${gray})`, "data-layer": layer.name });
  group.append(...layer.shapes.flatMap((shape) => drawShape(shape, place)), ...layer.texts.flatMap((text) => drawText(text, place)));
  return group;
}

function drawShape({ kind, points, filled }: Shape, place: Place): SVGElement[] {
  const [first, ...rest] = points.map(place);
  if (first === undefined) return [];
  const fill = filled ? "currentColor" : "none";
  if (kind === "POINT") return [dot(first)];
  if (kind === "MULTIPOINT") return [first, ...rest].map(dot);
  if (kind === "CIRCLE") {
    const [edge] = rest;
    return edge === undefined ? [] : [svg("circle", { cx: first[0], cy: first[1], r: distance(first, edge), fill })];
  }
  if (kind === "ELLIPSE") return ellipse([first, ...rest], fill);
  return [svg("path", { d: pathData([first, ...rest], kind === "INTERPOLATED"), fill })];
}

function dot([x, y]: Point): SVGElement {
  return svg("circle", { cx: x, cy: y, r: POINT_RADIUS, fill: "currentColor" });
}

/** An ellipse from the ends of its major, then of its minor axis. */
function ellipse([a, b, c, d]: Point[], fill: string): SVGElement[] {
  if (a === undefined || b === undefined || c === undefined || d === undefined) return [];
  const centre = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  const angle = (Math.atan2(b[1] - a[1], b[0] - a[0]) * 180) / Math.PI;
  const radii = { rx: distance(a, b) / 2, ry: distance(c, d) / 2 };
  return [svg("ellipse", { cx: 0, cy: 0, ...radii, fill, transform: `translate(${centre[0]} ${centre[1]}) rotate(${angle})` })];
}

/** Straight lines, or a curve through every point (Catmull-Rom) as the Standard asks of INTERPOLATED. */
export function pathData(points: Point[], curved: boolean): string {
  const at = (index: number): Point => points[Math.min(points.length - 1, Math.max(0, index))] as Point;
  const words = [`M${at(0).join(" ")}`];
  for (let i = 1; i < points.length; i++) {
    if (!curved) words.push(`L${at(i).join(" ")}`);
    else words.push(`C${control(at(i - 2), at(i - 1), at(i)).join(" ")} ${control(at(i + 1), at(i), at(i - 1)).join(" ")} ${at(i).join(" ")}`);
  }
  return words.join("");
}

function control(before: Point, here: Point, after: Point): Point {
  return [here[0] + (after[0] - before[0]) / 6, here[1] + (after[1] - before[1]) / 6];
}

function drawText(object: TextObject, place: Place): SVGElement[] {
  const lines = object.text.split(/\r?\n/);
  const { x, y, size, anchor } = textPlace(object, lines.length, place);
  const element = svg("text", { x, y, "font-size": size, "text-anchor": anchor });
  for (const [index, line] of lines.entries()) {
    const span = svg("tspan", { x, dy: index === 0 ? size : size * LINE_HEIGHT });
    span.textContent = line;
    element.append(span);
  }
  const leader = object.anchor !== null && object.anchor_visible && object.top_left !== null ? [leaderLine([x, y + size / 2], place(object.anchor))] : [];
  return [...leader, element];
}

/** Text stays upright however the picture is turned: its box is where the two corners come to lie. */
function textPlace(object: TextObject, lines: number, place: Place): { x: number; y: number; size: number; anchor: string } {
  if (object.top_left === null || object.bottom_right === null) {
    const [x, y] = place(object.anchor ?? [0, 0]);
    return { x: x + POINT_RADIUS * 2, y: y - FONT.free / 2, size: FONT.free, anchor: "start" };
  }
  const [a, b] = [place(object.top_left), place(object.bottom_right)];
  const left = Math.min(a[0], b[0]);
  const right = Math.max(a[0], b[0]);
  const top = Math.min(a[1], b[1]);
  const room = Math.abs(b[1] - a[1]) / (lines * LINE_HEIGHT);
  const size = Math.min(FONT.most, Math.max(FONT.least, room));
  const at = { LEFT: left, CENTER: (left + right) / 2, RIGHT: right }[object.justification];
  return { x: at, y: top, size, anchor: { LEFT: "start", CENTER: "middle", RIGHT: "end" }[object.justification] };
}

function leaderLine(from: Point, to: Point): SVGElement {
  return svg("path", { d: pathData([from, to], false), fill: "none" });
}

function distance(a: Point, b: Point): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1]);
}

function svg<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  return element;
}
