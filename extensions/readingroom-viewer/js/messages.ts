// The messages between a reading page and its viewer process; the twin of readingroom/wire.py.
//
// Two lanes: a `view` replaces the one before it that was not rendered yet, an `ordered` one never is replaced. A large
// picture comes as a `frame` with a `strip` and further `strip` messages; each is answered by `received`, and the picture,
// once painted or left out, by `painted`, which answers for every earlier one too.

export type VoiFunction = "LINEAR" | "LINEAR_EXACT" | "SIGMOID";

/** A VOI window in modality values (HU for CT), PS3.3 C.11.2.1. */
export interface Window {
  center: number;
  width: number;
  function: VoiFunction;
  explanation: string;
}

/** A window of the image, or, where `window` is null, a VOI LUT of it (PS3.3 C.11.2.1). */
export interface VoiChoice {
  explanation: string;
  window: Window | null;
}

/** A plane of the patient cut out of a series, one voxel thick or a slab projected. */
export interface Reformat {
  plane: "axial" | "coronal" | "sagittal";
  slab_mm: number;
  projection: "mip" | "minip" | "mean" | null;
}

export interface ViewRequest {
  type: "view";
  viewport: string;
  /** Grows with every change the reader makes; the frame that answers carries it back. */
  seq: number;
  series_uid: string;
  /** Counts frames of the series from 0 in reading order, or planes of a reformat; null is the one in the middle. */
  position: number | null;
  /** null asks for the image's own window. */
  window: Window | null;
  inverted: boolean;
  /** The one of the image's own choices that is wanted, from 0; null for a window or the image's own way. */
  choice: number | null;
  /** SOP Instance UID of the presentation state to show the image with, empty for none. */
  presentation_uid: string;
  /** Whether overlay planes are shown. */
  overlays: boolean;
  reformat: Reformat | null;
  /** The reader's hand is changing the view: a slow link may carry pictures with loss until it rests. */
  moving: boolean;
  /** Nothing asked for in this lane is left out. */
  ordered: boolean;
  /** Where the reader looks, as the share of rows above it. */
  focus: number;
}

/** Luminances in cd/m² as a person measured them: 18 levels, and five points of two even fields or none. */
export interface Measurement {
  type: "measure";
  display: string;
  luminance: number[];
  ambient: number;
  dark: number[];
  bright: number[];
  /** Measured through the display's correction. */
  corrected: boolean;
  /** To be kept, not only checked. */
  save: boolean;
}

export type Request =
  | ViewRequest
  /** The picture is on the screen or was left out; milliseconds of the page's own clock. */
  | { type: "painted"; viewport: string; seq: number; verified: boolean; arrived_ms: number; busy_ms: number }
  | { type: "received"; viewport: string; seq: number; first_row: number; arrived_ms: number }
  /** The display that the page is on, by the name that its reader gave it; empty for none. */
  | { type: "display"; display: string }
  | Measurement
  | { type: "studies" }
  | { type: "open"; study_uid: string }
  | { type: "thumbnail"; series_uid: string }
  /** `round_trip_ms` is how long the last answer took, null before the first. */
  | { type: "ping"; sent: number; round_trip_ms: number | null };

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

/** A presentation state of the study, as the reader chooses it. */
export interface PresentationEntry {
  uid: string;
  label: string;
  description: string;
  creator: string;
  /** ISO, empty when unknown. */
  created: string;
  /** Why it cannot be applied, empty when it can. */
  problem: string;
  /** The positions it refers to, by series. */
  positions: Record<string, number[]>;
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

/** An opened study. */
export interface StudyMessage {
  type: "study";
  study: Study;
  series: Series[];
  presentations: PresentationEntry[];
}

export type DisplayResult = "diagnostic" | "review" | "fail";

export interface DisplayEntry {
  /** ISO. */
  measured: string;
  expires: string;
  corrected: boolean;
  result: DisplayResult;
  contrast: string;
  brightest: number;
}

/** What is known of the display that the page is on; the newest record first. */
export interface DisplayMessage {
  type: "display";
  display: string;
  displays: string[];
  calibrated: boolean;
  words: string;
  /** Names the correction in use, empty for none. */
  curve: string;
  records: DisplayEntry[];
}

export interface Finding {
  name: string;
  value: string;
  limit: string;
  verdict: DisplayResult;
}

/** How a measurement stands; `message` says why it cannot be one, else empty. `steps` are the 17 departures from the GSDF. */
export interface MeasuredMessage {
  type: "measured";
  saved: boolean;
  result: DisplayResult | "";
  findings: Finding[];
  steps: number[];
  message: string;
}

export type TextMessage =
  | DisplayMessage
  | MeasuredMessage
  | StudiesMessage
  | StudyMessage
  | { type: "pong"; sent: number }
  /** `viewport` and `seq` are set when a view could not be shown, `study_uid` when a study could not be opened. */
  | { type: "error"; message: string; viewport: string | null; seq: number | null; study_uid: string | null };

/** (x, y) in pixels of the image before it is turned; (0, 0) is the outer corner of the first one (PS3.3 C.10.5). */
export type Point = [x: number, y: number];

/** One graphic object: a circle is its centre and a point on it, an ellipse the ends of its axes (PS3.3 C.10.5.1.2). */
export interface Shape {
  kind: "POINT" | "MULTIPOINT" | "POLYLINE" | "INTERPOLATED" | "CIRCLE" | "ELLIPSE";
  points: Point[];
  filled: boolean;
}

/** Text in a box or beside an anchor point; lines are parted by line feeds. */
export interface TextObject {
  text: string;
  top_left: Point | null;
  bottom_right: Point | null;
  justification: "LEFT" | "CENTER" | "RIGHT";
  anchor: Point | null;
  anchor_visible: boolean;
}

export interface GraphicLayer {
  name: string;
  order: number;
  /** 8-bit display value. */
  gray: number;
  description: string;
  shapes: Shape[];
  texts: TextObject[];
}

/** The part of the image to be shown, from outer corner to outer corner in image pixels; it may reach beyond the image. */
export interface DisplayedArea {
  left: number;
  top: number;
  right: number;
  bottom: number;
  size_mode: "SCALE TO FIT" | "TRUE SIZE" | "MAGNIFY";
  /** Display pixels to an image pixel, with MAGNIFY. */
  magnification: number | null;
}

/** What a presentation state asks for beyond pixel values (PS3.3 C.10.4 to C.10.7); layers from the lowest up. */
export interface Presentation {
  label: string;
  description: string;
  transformation: { rotation: 0 | 90 | 180 | 270; flip: boolean };
  area: DisplayedArea;
  layers: GraphicLayer[];
}

/** All but JPEG are exact. */
export type Codec = "lz4" | "png" | "jpeg" | "raw";

/** Whole rows of a large picture. */
export interface Strip {
  first_row: number;
  rows: number;
}

/** Travels before a further strip of the frame whose own header came first. */
export interface StripHeader {
  type: "strip";
  viewport: string;
  seq: number;
  codec: Codec;
  strip: Strip;
}

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
  codec: Codec;
  /** Over the 8-bit pixels, row by row, before JPEG took something from them. */
  sha256: string;
  /** The rows that this message holds, null for all of them. */
  strip: Strip | null;
  window: Window | null;
  /** The image's own windows and VOI LUTs; the first is the one it wants to be shown with. */
  choices: VoiChoice[];
  value_range: [number, number] | null;
  inverted: boolean;
  /** Where a drag of the window starts: the window in use or the one most like the VOI LUT; null for colour. */
  drag_start: Window | null;
  /** The one of `choices` in use, null for a window of the reader's. */
  choice: number | null;
  presentation_uid: string;
  presentation: Presentation | null;
  /** How many overlay planes the image has, shown or not. */
  overlay_planes: number;
  /** The plane cut out of the series, null for an image as it was acquired; `sop_uid` is then empty. */
  reformat: Reformat | null;
  /** The share of the reformatted volume that is there. */
  loaded: number;
  /** What the reader must know about this image and the place of its slices, in words. */
  notes: string[];
  /** The ratio of a lossy source, "?" when unknown, or empty. */
  source_lossy: string;
  /** Direction cosines of a row, then of a column. */
  orientation: number[] | null;
  slice_position: number[] | null;
  /** Millimetres between rows, then between columns. */
  spacing: [number, number] | null;
  /** Height and width of a pixel, in millimetres or only as a ratio. */
  pixel_shape: [number, number];
  spacing_kind: string;
  /** Whether larger values are brighter or darker; empty where more than the window makes grey of them. */
  gray: "" | "up" | "down";
  /** The digest that the audit names the picture's pipeline by. */
  pipeline: string;
  /** What the reader's screen is good for, as the server knows it. */
  display: "calibrated" | "review-only";
  /** Modality units between stored values, 0 where they are not even. */
  value_step: number;
}
