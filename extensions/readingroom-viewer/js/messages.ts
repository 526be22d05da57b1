// The messages between a reading page and its viewer process; the twin of readingroom/wire/.
//
// Two lanes: a `view` replaces the one before it that was not rendered yet; every other message is an event of its own,
// taken in the order sent, none replaced. A large picture comes as a `frame` with a `strip` and further `strip` messages; each is answered by `received`, and the picture,
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
  /** Where the reader looks, as the share of rows above it. */
  focus: number;
  /** The pointer is over this viewport: of several it comes first. */
  pointed: boolean;
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

/** Asks what a pixel measures; columns and rows from 0, whole at pixel centres, the rest as in a view. */
export interface ReadOutRequest {
  type: "readout";
  viewport: string;
  /** Comes back with the answer. */
  number: number;
  series_uid: string;
  position: number;
  column: number;
  row: number;
  reformat: Reformat | null;
}

/** What it measures in words; where nothing can be said, `text` is empty and the notes say why. */
export interface ReadOut {
  type: "readout";
  viewport: string;
  number: number;
  /** The image that was read, empty and 0 for a plane. */
  sop_uid: string;
  frame: number;
  text: string;
  /** LPS in millimetres, null where the image lies nowhere. */
  place: [number, number, number] | null;
  notes: string[];
}

export type Request =
  | ViewRequest
  /** The picture is on the screen or was left out; milliseconds of the page's own clock. */
  | { type: "painted"; viewport: string; seq: number; verified: boolean; arrived_ms: number; busy_ms: number }
  | { type: "received"; viewport: string; seq: number; first_row: number; arrived_ms: number }
  /** What the ring still lacks, the next one first; `look` is the number of the last `view`, `positions` at most twelve. */
  | { type: "ahead"; viewport: string; look: number; positions: number[] }
  /** The picture of a position is on the screen, from the ring, as that of state `seq`. */
  | { type: "walked"; viewport: string; seq: number; position: number; verified: boolean }
  /** Which images of a series has this reader seen? */
  | { type: "coverage"; series_uid: string }
  /** The display that the page is on, by the name that its reader gave it; empty for none. */
  | { type: "display"; display: string }
  | Measurement
  | ReadOutRequest
  | { type: "studies" }
  | { type: "open"; study_uid: string }
  | { type: "thumbnail"; series_uid: string }
  | { type: "places"; series_uid: string }
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

/** A study that may not be shown any more, and why; `again`: it may be asked for again without anybody's doing, `emergency`: its reader may open it in an emergency. */
export interface ClosedMessage {
  type: "closed";
  study_uid: string;
  message: string;
  again: boolean;
  emergency: boolean;
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

/** Where the images of a series lie: their centres in LPS millimetres, none where they share no orientation. */
export interface PlacesMessage {
  type: "places";
  series_uid: string;
  frame_of_reference_uid: string;
  /** Direction cosines of a row, then of a column. */
  orientation: number[];
  centers: [x: number, y: number, z: number][];
}

/** Runs of positions from 0, first and last included. */
export type Runs = [first: number, last: number][];

/** What this reader has seen of a series, lossless and proved: in this read, and only in earlier ones. */
export interface CoverageMessage {
  type: "coverage";
  series_uid: string;
  /** How many images the series has, as the positions count them. */
  count: number;
  seen: Runs;
  before: Runs;
}

export type TextMessage =
  | CoverageMessage
  | PlacesMessage
  | DisplayMessage
  | MeasuredMessage
  | ReadOut
  | StudiesMessage
  | StudyMessage
  | ClosedMessage
  | { type: "pong"; sent: number }
  /** `viewport` and `seq` are set when a view could not be shown, `study_uid` when a study could not be opened. */
  | { type: "error"; message: string; viewport: string | null; seq: number | null; study_uid: string | null; emergency: boolean };

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
  /** "ahead": a neighbour asked for before it is wanted; `seq` is then the number of its look. */
  type: "frame" | "ahead" | "thumbnail";
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
  /** Whether they were asked for; then they are burnt into the pixels. */
  overlays: boolean;
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
  /** Rows and columns that the same rectangle has at rest, where it came in fewer because the hand moves; else null. */
  full_size: [number, number] | null;
  /** Where `window` comes from: where the image has none, the range of its bits, its values, or those of one image for the whole series. */
  window_origin: "" | "image" | "reader" | "bits" | "frame" | "series";
}
