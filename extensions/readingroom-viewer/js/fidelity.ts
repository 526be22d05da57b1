// What may be said about the picture on the screen. A pure state machine: it knows no view and no transport.

export type Fidelity = "preview" | "moving" | "pending" | "verified" | "unverified" | "stalled";

/** Whether the browser's hash of the decoded pixels equals the server's; "impossible" outside a secure context. */
export type Check = "equal" | "different" | "impossible";

export interface FidelityState {
  /** The connection has given a sign of life lately. */
  readonly live: boolean;
  /** Pointer, wheel or cine is changing the wanted picture just now. */
  readonly active: boolean;
  /** The number of the state the reader wants to see. */
  readonly wanted: number;
  /** What is painted, null for an empty viewport. */
  readonly shown: { readonly seq: number; readonly check: Check } | null;
  /** The painted picture was changed locally, ahead of the server. */
  readonly preview: boolean;
}

export type FidelityEvent =
  | { type: "want"; seq: number }
  | { type: "paint"; seq: number; check: Check }
  | { type: "preview" }
  | { type: "clear" }
  | { type: "active"; active: boolean }
  | { type: "link"; live: boolean };

export const START: FidelityState = { live: false, active: false, wanted: 0, shown: null, preview: false };

export function next(state: FidelityState, event: FidelityEvent): FidelityState {
  switch (event.type) {
    case "want":
      return { ...state, wanted: event.seq };
    case "paint":
      return { ...state, shown: { seq: event.seq, check: event.check }, preview: false };
    case "preview":
      return { ...state, preview: state.shown !== null };
    case "clear":
      return { ...state, shown: null, preview: false };
    case "active":
      return { ...state, active: event.active };
    case "link":
      return { ...state, live: event.live };
  }
}

/** "verified" only for a live connection, an equal hash and exactly the state that the reader wants. */
export function fidelity(state: FidelityState): Fidelity {
  if (!state.live) return "stalled";
  if (state.shown === null) return "pending";
  if (state.preview) return "preview";
  if (state.shown.seq !== state.wanted) return state.active ? "moving" : "pending";
  return state.shown.check === "equal" ? "verified" : "unverified";
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
      return { glyph: "◐", words: "MOVING", why: "You are changing the view; the picture shown is an earlier state." };
    case "pending":
      return { glyph: "○", words: "PENDING", why: "The picture for this state has not arrived yet." };
    case "preview":
      return { glyph: "◑", words: "PREVIEW", why: "Drawn in the browser ahead of the server." };
    case "stalled":
      return { glyph: "✕", words: "STALLED", why: "The connection is lost; this picture is no longer live." };
    case "unverified":
      return state.shown?.check === "impossible"
        ? { glyph: "▲", words: "UNVERIFIED", why: "The pixels cannot be checked: this page is not a secure context." }
        : { glyph: "▲", words: "UNVERIFIED", why: "The pixels that arrived are not the ones the server sent. Asked again." };
  }
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
