// Enough of a browser for the real `Viewport` to run in Node: elements that remember, canvases that ignore, frames at once.

class StageElement {
  readonly dataset: Record<string, string>;
  readonly children: unknown[] = [];
  readonly style = {};
  textContent = "";
  width = 0;
  height = 0;
  clientWidth = 256;
  clientHeight = 256;
  readonly #attributes = new Map<string, string>();

  constructor() {
    const attributes = this.#attributes;
    const key = (name: string) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    this.dataset = new Proxy({} as Record<string, string>, {
      get: (_, name: string) => attributes.get(key(name)),
      set: (_, name: string, value: string) => {
        attributes.set(key(name), value);
        return true;
      },
    });
  }

  setAttribute(name: string, value: string): void {
    this.#attributes.set(name, value);
  }
  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }
  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }
  append(...children: unknown[]): void {
    this.children.push(...children);
  }
  replaceChildren(): void {}
  addEventListener(): void {}
  getContext(): unknown {
    return new Proxy({}, { get: () => () => undefined, set: () => true });
  }
}

/** Put what the front end asks of a browser into Node's globals. */
export function setStage(): void {
  const stage = {
    document: { createElement: () => new StageElement(), createElementNS: () => new StageElement() },
    window: globalThis,
    devicePixelRatio: 1,
    requestAnimationFrame: (act: (now: number) => void) => setImmediate(() => act(performance.now())),
    ResizeObserver: class {
      observe(): void {}
      disconnect(): void {}
    },
    ImageData: class {
      readonly data: Uint8ClampedArray;
      constructor(width: number, height: number) {
        this.data = new Uint8ClampedArray(4 * width * height);
      }
    },
  };
  for (const [name, value] of Object.entries(stage)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
