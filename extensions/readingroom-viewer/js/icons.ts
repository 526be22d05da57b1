// Lucide icons (ISC licence), only those in use, inlined at build time.

import window from "lucide-static/icons/contrast.svg";
import zoom from "lucide-static/icons/zoom-in.svg";
import pan from "lucide-static/icons/move.svg";
import probe from "lucide-static/icons/pipette.svg";
import overlays from "lucide-static/icons/copy-check.svg";
import scroll from "lucide-static/icons/layers.svg";
import back from "lucide-static/icons/arrow-left.svg";
import invert from "lucide-static/icons/sun-moon.svg";
import reset from "lucide-static/icons/rotate-ccw.svg";
import turnRight from "lucide-static/icons/rotate-cw-square.svg";
import flipAcross from "lucide-static/icons/flip-vertical-2.svg";
import flipDown from "lucide-static/icons/flip-horizontal-2.svg";
import play from "lucide-static/icons/play.svg";
import pause from "lucide-static/icons/pause.svg";
import fit from "lucide-static/icons/maximize.svg";
import keys from "lucide-static/icons/keyboard.svg";
import warning from "lucide-static/icons/triangle-alert.svg";
import search from "lucide-static/icons/search.svg";
import monitor from "lucide-static/icons/monitor.svg";
import image from "lucide-static/icons/image.svg";
import link from "lucide-static/icons/link-2.svg";
import layout from "lucide-static/icons/layout-grid.svg";

const ICONS = {
  window, zoom, pan, scroll, probe, overlays, back, invert, reset, turnRight, flipAcross, flipDown, play, pause, fit, keys, warning, search, image, monitor, layout, link,
};

export type IconName = keyof typeof ICONS;

/** Return an icon of 16 px that says nothing to a screen reader: the button around it does. */
export function icon(name: IconName): SVGElement {
  const template = document.createElement("template");
  template.innerHTML = ICONS[name];
  const svg = template.content.querySelector("svg") as SVGElement;
  svg.setAttribute("class", "rr-icon");
  svg.setAttribute("aria-hidden", "true");
  return svg;
}
