// The messages between a reading page and its viewer process; the twin of readingroom/wire.py.

export type VoiFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";

/** A VOI window in modality values (HU for CT), PS3.3 C.11.2.1. */
export interface Window {
  center: number;
  width: number;
  function: VoiFunction;
  explanation: string;
}

export interface ViewRequest {
  type: "view";
  viewport: string;
  /** Grows with every change the reader makes; the frame that answers carries it back. */
  seq: number;
  series_uid: string;
  /** Counts frames of the series from 0, in reading order. */
  position: number;
  /** null asks for the image's own window. */
  window: Window | null;
  inverted: boolean;
}

export type Request =
  | ViewRequest
  | { type: "painted"; viewport: string; seq: number; verified: boolean }
  | { type: "studies" }
  | { type: "open"; study_uid: string }
  | { type: "thumbnail"; series_uid: string }
  | { type: "ping"; sent: number };

export interface Study {
  uid: string;
  patient_name: string;
  patient_id: string;
  birth_date: string;
  sex: string;
  date: string;
  time: string;
  description: string;
  accession_number: string;
  modalities: string[];
  series_count: number;
  instance_count: number;
}

export interface Series {
  uid: string;
  study_uid: string;
  modality: string;
  number: number | null;
  description: string;
  body_part: string;
  instance_count: number;
  /** 0 for reports and other objects without a picture. */
  frame_count: number;
  rows: number;
  columns: number;
  /** Milliseconds a frame of a cine, null where there is none. */
  frame_time_ms: number | null;
}

export interface Problem {
  path: string;
  reason: string;
}

/** The study list. `kind` says what the studies are: teaching studies may be shown in notebooks too. */
export interface StudiesMessage {
  type: "studies";
  studies: Study[];
  problems: Problem[];
  indexing: boolean;
  files_seen: number;
  kind: "teaching" | "identifiable";
  /** For the reader, empty when all is well. */
  message: string;
}

export type TextMessage =
  | StudiesMessage
  | { type: "study"; study: Study; series: Series[] }
  | { type: "pong"; sent: number }
  /** `viewport` and `seq` are set when a view could not be shown, `study_uid` when a study could not be opened. */
  | { type: "error"; message: string; viewport: string | null; seq: number | null; study_uid: string | null };

/** Travels before the pixels of a frame; millimetres, patient coordinates LPS. */
export interface FrameHeader {
  type: "frame" | "thumbnail";
  viewport: string;
  seq: number;
  study_uid: string;
  series_uid: string;
  sop_uid: string;
  /** 1-based, as in DICOM. */
  frame: number;
  position: number;
  count: number;
  rows: number;
  columns: number;
  samples: 1 | 3;
  codec: "lz4" | "raw";
  /** Over the decoded 8-bit pixels, row by row. */
  sha256: string;
  window: Window | null;
  windows: Window[];
  value_range: [number, number] | null;
  inverted: boolean;
  /** The ratio of a lossy source, "?" when unknown, or empty. */
  source_lossy: string;
  /** Direction cosines of a row, then of a column. */
  orientation: number[] | null;
  slice_position: number[] | null;
  /** Millimetres between rows, then between columns. */
  spacing: [number, number] | null;
  spacing_kind: string;
}
