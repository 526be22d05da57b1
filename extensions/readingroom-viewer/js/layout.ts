// How the viewports of a page lie and which of them is active: a frozen value, changed by pure functions.

export interface Grid {
  readonly rows: number;
  readonly columns: number;
}

export interface Layout {
  readonly grid: Grid;
  /** The viewports by name, in reading order: one for every place of the grid. */
  readonly names: readonly string[];
  /** The one that tools, keys and menus act on. */
  readonly active: string;
  /** The active one fills the grid alone, the others wait behind it. */
  readonly maximised: boolean;
}

const grid = (rows: number, columns: number): Grid => ({ rows, columns });
/** What a reader can choose, "rows × columns". */
export const GRIDS: readonly Grid[] = [grid(1, 1), grid(1, 2), grid(2, 1), grid(1, 3), grid(2, 2), grid(2, 3), grid(3, 3), grid(3, 4)];
const MOST = 12;
/** The names there are; a viewport that goes leaves its name to a later one. */
const NAMES = ["main", ...Array.from({ length: MOST - 1 }, (_, index) => String(index + 2))];
export const SINGLE: Layout = { grid: grid(1, 1), names: ["main"], active: "main", maximised: false };

export function gridText({ rows, columns }: Grid): string {
  return `${rows}×${columns}`;
}

/** The grid that `gridText` wrote, null for anything else. */
export function gridOf(text: string | null): Grid | null {
  return GRIDS.find((one) => gridText(one) === text) ?? null;
}

/** Lay the viewports out anew. Those there are keep their order; of too many the last ones go, never the active one. */
export function arranged(layout: Layout, next: Grid): Layout {
  const places = next.rows * next.columns;
  const first = layout.names.slice(0, places);
  const kept = first.includes(layout.active) ? first : [...first.slice(0, -1), layout.active];
  const free = NAMES.filter((name) => !kept.includes(name));
  return { ...layout, grid: next, names: [...kept, ...free.slice(0, places - kept.length)], maximised: false };
}

export function activated(layout: Layout, name: string): Layout {
  return name === layout.active || !layout.names.includes(name) ? layout : { ...layout, active: name };
}

/** The active viewport alone, or all of them again; of one there is nothing to choose. */
export function maximised(layout: Layout, on: boolean): Layout {
  const alone = on && layout.names.length > 1;
  return alone === layout.maximised ? layout : { ...layout, maximised: alone };
}

/** The viewports to be seen. */
export function seen(layout: Layout): readonly string[] {
  return layout.maximised ? [layout.active] : layout.names;
}

/**
 * Which series to open in the viewports that are empty, from `shown` (a series UID for each viewport, null where empty) and
 * the series there are in order: the first ones that are not shown yet. null where a viewport keeps what it has or gets nothing.
 */
export function filling(shown: readonly (string | null)[], series: readonly string[]): (string | null)[] {
  const left = series.filter((uid) => !shown.includes(uid));
  return shown.map((uid) => (uid === null ? (left.shift() ?? null) : null));
}
