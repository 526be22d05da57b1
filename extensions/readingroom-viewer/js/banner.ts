// The patient banner: who this is, always, and who is reading.

import { h, setText } from "./dom";
import { icon } from "./icons";
import type { Study } from "./messages";

export class Banner {
  readonly element = h("header", { class: "rr-banner" });
  readonly back = h(
    "button",
    { class: "rr-button", type: "button", "data-testid": "back", "aria-label": "Back to the study list, key Escape", title: "Back to the study list · key Esc", hidden: true },
    icon("back"),
    h("span", {}, "Studies"),
  );
  readonly #patient = h("strong", { class: "rr-banner-patient" });
  readonly #facts = h("span", { class: "rr-banner-facts" });
  readonly #study = h("span", { class: "rr-banner-study" });
  readonly #kind = h("span", { class: "rr-chip", hidden: true });

  constructor(person: string, role: string, hub: string, showKeys: () => void, backToList: () => void, showDisplay: () => void) {
    const keys = h("button", { class: "rr-button rr-icon-only", type: "button", "data-testid": "keys", "aria-label": "Keys and mouse, key ?", title: "Keys and mouse · key ?" }, icon("keys"));
    keys.addEventListener("click", showKeys);
    const display = h("button", { class: "rr-button rr-icon-only", type: "button", "data-testid": "display", "aria-label": "Display quality", title: "Display quality: check and calibrate this screen" }, icon("monitor"));
    display.addEventListener("click", showDisplay);
    this.back.addEventListener("click", backToList);
    const who = h("span", { class: "rr-banner-person" }, ...[person, role && role !== person ? h("span", { class: "rr-dim" }, role) : ""].filter((part) => part !== ""));
    this.element.append(
      h("span", { class: "rr-wordmark" }, "Reading Room"),
      this.back,
      h("div", { class: "rr-banner-who", "aria-live": "polite" }, this.#patient, this.#facts, this.#study),
      this.#kind,
      display,
      keys,
      who,
      ...(hub === "" ? [] : [h("a", { class: "rr-button", href: `${hub}home`, title: "Start, open and stop your servers" }, "Servers"), h("a", { class: "rr-button", href: `${hub}logout`, "data-testid": "logout" }, "Log out")]),
    );
  }

  showStudy(study: Study | null): void {
    this.back.hidden = study === null;
    setText(this.#patient, study?.patient_name || (study === null ? "" : "No patient name"));
    setText(this.#facts, study === null ? "" : [study.birth_date, study.sex, study.patient_id && `ID ${study.patient_id}`].filter(Boolean).join(" · "));
    setText(
      this.#study,
      study === null
        ? ""
        : [studyWords(study), study.date, study.accession_number && `ACC ${study.accession_number}`].filter(Boolean).join(" · "),
    );
  }

  showKind(kind: "teaching" | "identifiable"): void {
    this.#kind.hidden = false;
    setText(this.#kind, kind === "teaching" ? "Teaching studies" : "Identifiable patients");
    this.#kind.dataset.kind = kind;
  }
}

/** "CT head": the modalities, unless the description begins with one of them. */
export function studyWords({ modalities, description }: Pick<Study, "modalities" | "description">): string {
  const named = modalities.includes(description.split(" ", 1)[0]?.toUpperCase() ?? "");
  return named ? description : [modalities.join("/"), description].filter(Boolean).join(" ");
}
