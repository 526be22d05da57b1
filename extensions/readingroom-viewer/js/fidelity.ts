// What may be said about the picture on the screen. A pure state machine: it knows no view and no transport.

export type Fidelity = "preview" | "moving" | "pending" | "verified" | "unverified" | "stalled";

/**
 * Whether the browser's hash of the decoded pixels equals the server's; "impossible" outside a secure context, "lossy" for
 * a picture that lost something on its way and cannot be equal.
 */
export type Check = "equal" | "different" | "impossible" | "lossy";

/** Whether the start-up test of the decode path has passed. */
export type Decoder = "untested" | "proved" | "failed";

export interface FidelityState {
  /** The connection has given a sign of life lately. */
  readonly live: boolean;
  /** Something is wanted and nothing came for a second. */
  readonly overdue: boolean;
  readonly decoder: Decoder;
  /** Pointer, wheel or cine is changing the wanted picture just now. */
  readonly active: boolean;
  /** The number of the state the reader wants to see. */
  readonly wanted: number;
  /** What is painted, null for an empty viewport. */
  readonly shown: { readonly seq: number; readonly check: Check; readonly ratio: number } | null;
  /** The painted picture was changed locally, ahead of the server. */
  readonly preview: boolean;
}

export type FidelityEvent =
  | { type: "want"; seq: number }
  /** `ratio` is raw to received bytes of a picture with loss, 1 for an exact one. */
  | { type: "paint"; seq: number; check: Check; ratio?: number }
  /** The picture was drawn changed, ahead of the server, or again as it came. */
  | { type: "preview"; drawn: boolean }
  | { type: "clear" }
  | { type: "active"; active: boolean }
  | { type: "link"; live: boolean }
  | { type: "overdue"; overdue: boolean }
  | { type: "selfTest"; passed: boolean };

export const START: FidelityState = { live: false, overdue: false, decoder: "untested", active: false, wanted: 0, shown: null, preview: false };

export function next(state: FidelityState, event: FidelityEvent): FidelityState {
  switch (event.type) {
    case "want":
      return { ...state, wanted: event.seq };
    case "paint":
      return { ...state, shown: { seq: event.seq, check: event.check, ratio: event.ratio ?? 1 }, preview: false };
    case "preview":
      return { ...state, preview: event.drawn && state.shown !== null };
    case "clear":
      return { ...state, shown: null, preview: false };
    case "active":
      return { ...state, active: event.active };
    case "link":
      return { ...state, live: event.live, overdue: false };
    case "overdue":
      return { ...state, overdue: event.overdue };
    case "selfTest":
      return { ...state, decoder: event.passed ? "proved" : "failed" };
  }
}

/** "verified" only for a live connection, a proved decoder, an equal hash and exactly the state that the reader wants. */
export function fidelity(state: FidelityState): Fidelity {
  const { shown } = state;
  if (!state.live || state.overdue) return "stalled";
  if (shown === null) return "pending";
  if (state.preview) return "preview";
  if (shown.seq !== state.wanted || shown.check === "lossy") return state.active ? "moving" : "pending";
  if (shown.check === "equal" && state.decoder === "untested") return "pending";
  return shown.check === "equal" && state.decoder === "proved" ? "verified" : "unverified";
}

/** Whether the picture wanted is there, as good as it will get. */
export function isAnswered({ shown, wanted }: FidelityState): boolean {
  return shown !== null && shown.seq === wanted && shown.check !== "lossy";
}

/**
 * A mammogram that is anything but verified and of a lossless source is not for primary interpretation, and says so.
 * Empty for any other image.
 */
export function interpretationWarning(modality: string, state: FidelityState, sourceLossy: string): string {
  const good = fidelity(state) === "verified" && sourceLossy === "";
  return modality !== "MG" || state.shown === null || good ? "" : "Not for primary interpretation";
}

export interface Badge {
  glyph: string;
  words: string;
  /** A sentence for the tooltip and for screen readers. */
  why: string;
}

export function badge(state: FidelityState): Badge {
  switch (fidelity(state)) {
    case "verified":
      return { glyph: "●", words: "LOSSLESS verified", why: "Every pixel shown is the one the server computed; the hashes are equal." };
    case "moving":
      return state.shown?.check === "lossy"
        ? { glyph: "◐", words: `MOVING ${ratioText(state.shown.ratio)}`, why: "You are changing the view; the picture shown lost something on its way. For navigation, not for diagnosis." }
        : { glyph: "◐", words: "MOVING", why: "You are changing the view; the picture shown is exact, but of an earlier state." };
    case "pending":
      return { glyph: "○", words: "PENDING", why: "The exact picture for this state has not arrived yet." };
    case "preview":
      return { glyph: "◑", words: "PREVIEW", why: "Drawn in the browser ahead of the server, from the picture shown before. Not for diagnosis." };
    case "stalled":
      return state.live
        ? { glyph: "✕", words: "STALLED", why: "The server has not answered for more than a second; this picture is an earlier state." }
        : { glyph: "✕", words: "STALLED", why: "The connection is lost; this picture is no longer live." };
    case "unverified":
      return { glyph: "▲", ...unverified(state) };
  }
}

function unverified({ shown, decoder }: FidelityState): Pick<Badge, "words" | "why"> {
  if (shown?.check === "impossible")
    return { words: "UNVERIFIED no secure context", why: "The pixels cannot be checked: this page is not a secure context. Open Reading Room by https." };
  if (shown?.check === "equal" && decoder === "failed")
    return { words: "UNVERIFIED self-test failed", why: "This browser did not decode the test picture exactly; nothing it shows can be called verified." };
  return { words: "UNVERIFIED", why: "The pixels that arrived are not the ones the server sent. Asked again." };
}

/** "14:1", "1.4:1". */
function ratioText(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1)}:1`;
}

/** Return the SHA-256 of the decoder's output in hex, or null where the browser offers none (no secure context). */
export async function sha256(pixels: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) return null;
  return hex(new Uint8Array(await subtle.digest("SHA-256", pixels)));
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function check(computed: string | null, expected: string): Check {
  if (computed === null) return "impossible";
  return computed === expected ? "equal" : "different";
}
