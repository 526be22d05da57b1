// What the study list shows, in which order: pure.

import type { Study } from "./messages";

export interface Column {
  name: string;
  title: string;
  text(study: Study): string;
  /** Sorted as a number. */
  numeric?: boolean;
}

export const COLUMNS: readonly Column[] = [
  { name: "patient", title: "Patient", text: (s) => s.patient_name },
  { name: "id", title: "ID", text: (s) => s.patient_id },
  { name: "born", title: "Born", text: (s) => s.birth_date },
  { name: "sex", title: "Sex", text: (s) => s.sex },
  { name: "date", title: "Study date", text: (s) => [s.date, s.time.slice(0, 5)].filter(Boolean).join(" ") },
  { name: "modality", title: "Modality", text: (s) => s.modalities.join(" ") },
  { name: "description", title: "Description", text: (s) => s.description },
  { name: "accession", title: "Accession", text: (s) => s.accession_number },
  { name: "series", title: "Series", text: (s) => String(s.series_count), numeric: true },
  { name: "images", title: "Objects", text: (s) => String(s.instance_count), numeric: true },
];

export interface Sort {
  column: string;
  descending: boolean;
}

/** Newest first, as a reading list is read. */
export const NEWEST_FIRST: Sort = { column: "date", descending: true };

/** Return the studies that hold every word of the filter in any column, sorted. */
export function arranged(studies: readonly Study[], filter: string, sort: Sort): Study[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const column = COLUMNS.find(({ name }) => name === sort.column) ?? (COLUMNS[0] as Column);
  const kept = studies.filter((study) => {
    if (words.length === 0) return true;
    const text = COLUMNS.map((one) => one.text(study)).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const order = sort.descending ? -1 : 1;
  const compare = (a: Study, b: Study) =>
    column.numeric ? Number(column.text(a)) - Number(column.text(b)) : collator.compare(column.text(a), column.text(b));
  return kept.sort((a, b) => order * compare(a, b) || collator.compare(a.patient_name, b.patient_name) || (a.uid < b.uid ? -1 : 1));
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export const ROW_HEIGHT = 32;
const VIRTUAL_FROM = 300;
const SPARE_ROWS = 12;

/** Return which rows to build, all of them up to 300. */
export function visibleRows(count: number, scrollTop: number, height: number): { from: number; to: number } {
  if (count <= VIRTUAL_FROM) return { from: 0, to: count };
  const from = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - SPARE_ROWS);
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((scrollTop + height) / ROW_HEIGHT) + SPARE_ROWS) };
}
