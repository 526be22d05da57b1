// A browser ignores @font-face inside a shadow root, so the document is given the face once, from the inlined bytes.

import inter from "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2";

const FAMILY = "Inter Variable";
let added = false;

export function addFonts(): void {
  if (added || typeof FontFace === "undefined") return;
  added = true;
  const face = new FontFace(FAMILY, inter, { weight: "100 900", style: "normal", display: "swap" });
  document.fonts.add(face);
  face.load().catch((reason: unknown) => console.warn("Reading Room: the typeface could not be loaded", reason));
}
