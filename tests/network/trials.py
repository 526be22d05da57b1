"""Trials of the real viewer in a real browser: another state is wanted again and again while pictures are meddled with."""

from typing import Any

from playwright.sync_api import Page
from tests.network.faults import Meddler, StripMeddler

# Before the page's own scripts: keep the newest state that the page asks for.
REMEMBER_REQUESTS = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (typeof data === "string" && data.includes('"type":"view"')) window.wantedNow = JSON.parse(data);
  return send.call(this, data);
};
"""

# Everything the page says "verified" of is hashed here, not by the product, and compared with what was wanted.
TRIALS = """
async ([element, trials, seed]) => {
  const seen = {}, hashing = [];
  const told = () => {
    const d = element.dataset, number = (text) => (text === "" ? [] : [String(Number(text))]);
    const shown = d.windowFunction ? [...number(d.windowCenter), ...number(d.windowWidth), d.windowFunction] : [];
    return [d.sopUid, d.frame, ...shown, d.inverted].join("|");
  };
  const agrees = () => {
    const d = element.dataset, w = window.wantedNow;
    return String(wanted) === d.position && String(w.inverted) === d.inverted &&
      (w.window === null || (String(w.window.width) === d.windowWidth && String(w.window.center) === d.windowCenter));
  };
  const note = () => {
    if (element.dataset.fidelity !== "verified") return;
    const key = told(), agreed = agrees();
    hashing.push(crypto.subtle.digest("SHA-256", element.pixels.slice()).then((digest) => {
      const hex = [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, "0")).join("");
      const entry = `${key} ${hex} ${agreed}`;
      seen[entry] = (seen[entry] || 0) + 1;
    }));
  };
  const watcher = new MutationObserver(note);
  watcher.observe(element, { attributes: true });
  // Where the keys have led to: a slice from the ring is asked for by no message.
  let wanted = Number(element.dataset.position);
  const last = Math.max(1, Number(element.querySelector('[data-testid="slider"]').getAttribute("aria-valuemax"))) - 1;
  let state = seed, late = 0;
  // Whatever a busy machine needs; only a picture that never comes is late.
  const patience = 60000;
  const chance = (below) => { state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff; return (state >> 8) % below; };
  for (let trial = 0; trial < trials; trial++) {
    const key = ["1", "2", "3", "4", "5", "6", "ArrowDown", "ArrowUp", "ArrowDown", "i"][chance(10)];
    wanted = Math.min(last, Math.max(0, wanted + (key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0)));
    element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    const start = performance.now();
    // The truth follows each fault: once it is painted, the next state is wanted.
    while (element.dataset.fidelity !== "verified") {
      if (performance.now() - start > patience) { late += 1; break; }
      await new Promise((done) => setTimeout(done, 0));
    }
    if (trial % 50 === 0) await new Promise(requestAnimationFrame);
  }
  watcher.disconnect();
  await Promise.all(hashing);
  return [seen, hashing.length, late];
}
"""


def run_trials(page: Page, meddler: Meddler | StripMeddler, trials: int) -> dict[str, Any]:
    """Want ``trials`` other states of the open study while every picture is meddled with.

    Returns what was seen as verified, and every lie found.
    """
    viewport = page.locator('[data-testid="viewport"]')
    viewport.focus()
    meddler.active = True
    seen: dict[str, int] = {}
    moments = late = 0
    done = 0
    while moments < trials or meddler.trials < trials:
        more, looked, missed = page.evaluate(TRIALS, [viewport.element_handle(), min(trials, 500), done + 1])
        done += min(trials, 500)
        seen.update(more)
        moments += looked
        late += missed
    meddler.active = False
    lies = [entry for entry in seen if not _is_true(entry, meddler.truth)]
    return {
        "faults": meddler.done,
        "moments": moments,
        "states": len(seen),
        "late": late,
        "lies": lies,
    }


def _is_true(entry: str, truth: dict[str, str]) -> bool:
    key, digest, agreed = entry.rsplit(" ", 2)
    return truth.get(key) == digest and agreed == "true"
