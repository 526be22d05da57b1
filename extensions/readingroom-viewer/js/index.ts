// The front end's whole contract with Panel and anywidget: one ES module that renders into an element.

import { App } from "./app";
import { addFonts } from "./fonts";
import type { Model } from "./model";

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  addFonts();
  const app = new App(model);
  el.append(app.element);
  return () => {
    app.close();
    app.element.remove();
  };
}

export default { render };
