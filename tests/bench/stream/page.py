"""What runs in the page of every side: it sees each paint, tells which state the picture shows, and keeps the time.

A side adds ``bench.target()``, the element that the hand is on, and where it can tell better than by the grey of water,
``bench.shown(n)`` and ``bench.slice()``. Paints are seen by standing behind the two calls that draw on a canvas and behind the
loading of an ``<img>``; a picture counts as painted once it is decoded.
"""

HARNESS = """
(() => {
  if (window.bench) return;
  const bench = (window.bench = { paints: 0, gray: -1, mark: "", busy: false });
  const small = new OffscreenCanvas(8, 8).getContext("2d", { willReadFrequently: true });
  // Water below the axis: 40 mm of the field of 256.
  bench.look = (source, width, height) => {
    if (width < 64) return;
    bench.busy = true;
    small.drawImage(source, width / 2 - 4, height * 0.656 - 4, 8, 8, 0, 0, 8, 8);
    const pixels = small.getImageData(0, 0, 8, 8).data;
    bench.busy = false;
    let sum = 0;
    const values = [];
    for (let i = 0; i < pixels.length; i += 4) { sum += pixels[i]; values.push(pixels[i]); }
    bench.gray = sum / 64;
    bench.mark = values.join();
    bench.painted();
  };
  bench.painted = () => {
    bench.paints++;
    if (bench.onpaint) bench.onpaint();
  };
  const seen = (context) => {
    const canvas = context.canvas;
    if (!bench.busy && !bench.blind && canvas instanceof HTMLCanvasElement && canvas.isConnected)
      bench.look(canvas, canvas.width, canvas.height);
  };
  for (const name of ["drawImage", "putImageData"]) {
    const original = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      original.apply(this, given);
      seen(this);
    };
  }
  const loaded = ({ target: image }) => {
    if (image instanceof HTMLImageElement && !bench.blind) bench.look(image, image.naturalWidth, image.naturalHeight);
  };
  document.addEventListener("load", loaded, true);
  const attachShadow = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (given) {
    const root = attachShadow.call(this, given);
    root.addEventListener("load", loaded, true);
    return root;
  };

  const center = (n) => 40 + Math.round(4 * (n - 20) * 400 / 256);
  bench.center = center;
  bench.expected = (n) => ((0 - (center(n) - 0.5)) / 399 + 0.5) * 255;
  bench.shown = (n) => Math.abs(bench.gray - bench.expected(n)) < 2.2;
  bench.exact = bench.shown;
  bench.state = () => bench.gray.toFixed(0);
  bench.slice = () => bench.mark;
  const event = (kind, type, n, more) => {
    const box = bench.target().getBoundingClientRect();
    const at = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 + 4 * (n - 20) };
    const all = { bubbles: true, composed: true, cancelable: true, pointerId: 1, pointerType: "mouse", isPrimary: true };
    return new kind(type, { ...all, ...at, ...more });
  };
  bench.ask = (n) => bench.target().dispatchEvent(event(PointerEvent, "pointermove", n, { buttons: bench.buttons ?? 0 }));
  bench.turn = (way) => bench.target().dispatchEvent(event(WheelEvent, "wheel", 20, { deltaY: 100 * way, deltaMode: 0 }));

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const until = (condition, limit) => new Promise((done) => {
    if (condition()) return done(true);
    const timer = setTimeout(() => { bench.onpaint = null; done(false); }, limit);
    bench.onpaint = () => {
      if (!condition()) return;
      clearTimeout(timer);
      bench.onpaint = null;
      done(true);
    };
  });

  // Ask for states far from each other, one after the other: milliseconds until painted, and until painted exact.
  bench.trips = async ({ rounds, budget, limit }) => {
    const painted = [], exact = [];
    const begun = performance.now();
    for (let i = 0; i < rounds; i++) {
      const n = bench.next = i % 2 ? 4 + Math.floor(Math.random() * 8) : 28 + Math.floor(Math.random() * 8);
      const start = performance.now();
      bench.ask(n);
      painted.push((await until(() => bench.shown(n), limit)) ? performance.now() - start : null);
      exact.push((await until(() => bench.exact(n), limit)) ? performance.now() - start : null);
      if (painted.at(-1) === null || (i >= 2 && performance.now() - begun > budget)) break;
      await pause(30 + 17 * Math.random());
    }
    return { painted, exact };
  };

  // Drag (or turn the wheel) at a steady rate: how many different states (or slices) were painted meanwhile.
  bench.storm = async ({ kind, hz, seconds, way = 1 }) => {
    const seen = new Set();
    let frames = 0, last = "", asked = 0;
    const look = () => {
      const now = kind === "wheel" ? bench.slice() : bench.state();
      if (now !== last) { frames++; seen.add(now); }
      last = now;
    };
    last = kind === "wheel" ? bench.slice() : bench.state();
    bench.onpaint = look;
    const begun = performance.now();
    while (performance.now() - begun < seconds * 1000) {
      const n = asked % 80;
      if (kind === "wheel") bench.turn(way);
      else bench.ask(n < 40 ? n : 80 - n);
      asked++;
      const due = begun + (asked * 1000) / hz;
      if (due > performance.now()) await pause(due - performance.now());
    }
    const lasted = (performance.now() - begun) / 1000;
    const during = frames;
    await pause(400);
    bench.onpaint = null;
    return { asked, frames: during, total: frames, distinct: seen.size, seconds: lasted };
  };
})();
"""
