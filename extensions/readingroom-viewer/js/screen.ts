// The screen's own pixels under an element.

/**
 * Call `resized` with the device pixels that an element covers, now and whenever they change; returns what ends it.
 *
 * Only the browser knows them: with a scale of 1.25 or 1.5 an edge lies between two of them and is moved to one, so that
 * a canvas of rounded CSS pixels times scale would be stretched, and every image pixel blurred. A browser that does not
 * tell, or that only plays another screen and tells CSS pixels, is taken at its scale.
 */
export function followDevicePixels(element: HTMLElement, resized: (width: number, height: number) => void): () => void {
  const observer = new ResizeObserver(([entry]) => {
    const told = entry?.devicePixelContentBoxSize?.[0];
    resized(devicePixels(told?.inlineSize, element.clientWidth), devicePixels(told?.blockSize, element.clientHeight));
  });
  try {
    observer.observe(element, { box: "device-pixel-content-box" });
  } catch {
    observer.observe(element);
  }
  return () => observer.disconnect();
}

function devicePixels(told: number | undefined, css: number): number {
  const scaled = css * (window.devicePixelRatio || 1);
  return Math.max(1, told !== undefined && Math.abs(told - scaled) <= 2 ? told : Math.round(scaled));
}
