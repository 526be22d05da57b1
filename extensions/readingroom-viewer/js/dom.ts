// Elements without a framework: text goes in as text, never as markup.

type Attributes = Record<string, string | number | boolean | null>;

/** Return a new element; true sets an empty attribute, false and null leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children);
  return element;
}

export function setAttribute(element: Element, name: string, value: string | number | boolean | null): void {
  if (value === false || value === null) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Set the text only when it changes: layout is not dirtied sixty times a second. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Undoes everything that was set up, once, in reverse order. */
export class CleanUp {
  #steps: (() => void)[] = [];

  add(step: () => void): void {
    this.#steps.push(step);
  }

  listen<T extends EventTarget>(target: T, type: string, listener: (event: Event) => void, options?: AddEventListenerOptions): void {
    target.addEventListener(type, listener, options);
    this.add(() => target.removeEventListener(type, listener, options));
  }

  every(milliseconds: number, act: () => void): void {
    const timer = setInterval(act, milliseconds);
    this.add(() => clearInterval(timer));
  }

  run(): void {
    for (const step of this.#steps.reverse()) step();
    this.#steps = [];
  }
}
