// The screen that locks: after some minutes without a hand on it the page leaves for the hub, which asks for the login again.

import { CleanUp } from "./dom";

/** When a hand was last on any page of this reader in this browser, in milliseconds of the clock. */
const ACTIVE = "rr-active";
/** The study that was open when the page left, for the same reader in the same tab. */
const LEFT = "rr-left";
const HANDS = ["pointerdown", "pointermove", "wheel", "keydown", "touchstart"];
const NOTED_MS = 1_000;
const LOOKS = 30;
const LOOK_MS = 300;

export class ScreenLock {
  readonly #cleanUp = new CleanUp();
  #active = 0;

  /** `locked` is called once, when `minutes` have gone by; 0 minutes is never. */
  constructor(minutes: number, locked: () => void) {
    if (!(minutes > 0)) return;
    this.#note();
    for (const hand of HANDS) this.#cleanUp.listen(window, hand, () => this.#note());
    this.#cleanUp.every(NOTED_MS, () => {
      // The clock runs on in a laptop that sleeps; one that was set back must not keep the screen open.
      const idle = Math.abs(Date.now() - this.#lastActive());
      if (idle < minutes * 60_000) return;
      this.close();
      locked();
    });
  }

  close(): void {
    this.#cleanUp.run();
  }

  #note(): void {
    const now = Date.now();
    if (Math.abs(now - this.#active) < NOTED_MS) return;
    this.#active = now;
    kept(() => localStorage.setItem(ACTIVE, String(now)));
  }

  /** Another page of the same reader counts as well: two studies side by side are read by one pair of hands. */
  #lastActive(): number {
    return Number(kept(() => localStorage.getItem(ACTIVE)) ?? this.#active);
  }
}

/** The hub's page that a reader is sent to, and back from after the login. */
export function awayAddress(hub: string, page: "lock" | "login", here: string): string {
  return `${hub}${page}?next=${encodeURIComponent(here)}`;
}

/**
 * Wait, for some seconds at most, until the hub answers at an address.
 *
 * While a server is being stopped the proxy still sends to it for a moment and says 502, which would be the last page
 * that a reader sees.
 */
export async function handedOver(here: string): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const answer = await fetch(here, { redirect: "manual", cache: "no-store" }).catch(() => null);
    if (answer?.type === "opaqueredirect") return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The records' page where a study is opened in an emergency, with the study filled in. */
export function emergencyAddress(hub: string, study: string): string {
  return `${hub.replace(/hub\/$/, "")}services/records/break-glass?study=${encodeURIComponent(study)}`;
}

export function rememberLeft(person: string, study: string): void {
  kept(() => sessionStorage.setItem(LEFT, JSON.stringify([person, study])));
}

/** Return the study that `person` was thrown out of in this tab, once; empty for none. */
export function takeLeft(person: string): string {
  const stored = kept(() => sessionStorage.getItem(LEFT));
  kept(() => sessionStorage.removeItem(LEFT));
  const [who, study] = stored === null ? ["", ""] : (JSON.parse(stored) as [string, string]);
  return who === person ? study : "";
}

/** A browser may refuse to keep anything; the page then knows only itself. */
function kept<Value>(use: () => Value): Value | null {
  try {
    return use();
  } catch {
    return null;
  }
}
