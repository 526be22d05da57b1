// The study list: one dense table, keyboard first; its empty, loading and error states are designed.

import { h, setText } from "./dom";
import { icon } from "./icons";
import type { StudiesMessage, Study } from "./messages";
import { COLUMNS, NEWEST_FIRST, ROW_HEIGHT, type Sort, arranged, visibleRows } from "./table";

/** Rows kept for reuse: a screen of a long list is 60. */
const MOST_BUILT = 2_000;

export class StudyList {
  readonly element = h("main", { class: "rr-list", "aria-label": "Study list" });
  readonly #open: (study: Study) => void;
  readonly #filter = h("input", { class: "rr-input", type: "search", placeholder: "Filter: name, ID, modality, date…", "aria-label": "Filter the studies", "data-testid": "filter", spellcheck: "false", autocomplete: "off" });
  readonly #count = h("span", { class: "rr-dim rr-number", role: "status", "data-testid": "count" });
  readonly #problems = h("button", { class: "rr-button rr-problems", type: "button", "data-testid": "problems", "aria-expanded": "false", hidden: true });
  readonly #problemList = h("ul", { class: "rr-problem-list", "data-testid": "problem-list", hidden: true });
  readonly #message = h("p", { class: "rr-message", role: "alert", hidden: true });
  readonly #scroller = h("div", { class: "rr-scroller" });
  readonly #body = h("tbody");
  readonly #state = h("div", { class: "rr-state", role: "status" });
  readonly #before = h("tr", { class: "rr-spacer", "aria-hidden": "true" });
  readonly #after = h("tr", { class: "rr-spacer", "aria-hidden": "true" });
  readonly #built = new Map<string, { facts: string; element: HTMLElement }>();
  readonly #headers = new Map<string, HTMLTableCellElement>();
  #answer: StudiesMessage | null = null;
  #answerText = "";
  #rows: Study[] = [];
  #sort: Sort = NEWEST_FIRST;
  #selected = "";
  #live = false;
  #ended = "";

  constructor(open: (study: Study) => void) {
    this.#open = open;
    const head = h("tr", {}, ...COLUMNS.map(({ name, title, numeric }) => this.#header(name, title, numeric === true)));
    const table = h("table", { class: "rr-table", "aria-label": "Studies" }, h("thead", {}, head), this.#body);
    this.#scroller.append(table, this.#state);
    const search = h("label", { class: "rr-search" }, icon("search"), this.#filter);
    this.element.append(h("div", { class: "rr-list-bar" }, search, this.#count, this.#problems), this.#message, this.#problemList, this.#scroller);
    this.#listen();
    this.#render();
  }

  get indexing(): boolean {
    return this.#answer?.indexing ?? true;
  }

  show(answer: StudiesMessage): void {
    const text = JSON.stringify(answer);
    if (text === this.#answerText) return;
    this.#answerText = text;
    this.#answer = answer;
    this.#render();
  }

  link(live: boolean, why: string): void {
    this.#live = live;
    this.#ended = why;
    this.#render();
  }

  focus(): void {
    (this.#rowElement(this.#selected) ?? this.#body.querySelector<HTMLElement>("[data-study-uid]") ?? this.#filter).focus();
  }

  #listen(): void {
    this.#filter.addEventListener("input", () => {
      this.#scroller.scrollTop = 0;
      this.#render();
    });
    this.#filter.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") this.#select(0, event);
      if (event.key === "Enter" && this.#rows[0] !== undefined && this.#filter.value !== "") this.#open(this.#rows[0]);
      if (event.key === "Escape" && this.#filter.value !== "") {
        this.#filter.value = "";
        this.#render();
        event.stopPropagation();
      }
    });
    this.#problems.addEventListener("click", () => {
      this.#problemList.hidden = !this.#problemList.hidden;
      this.#problems.setAttribute("aria-expanded", String(!this.#problemList.hidden));
    });
    this.#scroller.addEventListener("scroll", () => this.#renderRows(), { passive: true });
    this.#body.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => this.#remember(event.target));
    this.#body.addEventListener("focusin", (event) => this.#remember(event.target));
    this.#body.addEventListener("dblclick", (event) => {
      const study = this.#studyOf(event.target);
      if (study !== undefined) this.#open(study);
    });
  }

  #key(event: KeyboardEvent): void {
    const at = this.#rows.findIndex(({ uid }) => uid === this.#selected);
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / ROW_HEIGHT) - 2);
    const target: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: this.#rows.length - 1 };
    const study = this.#rows[at];
    if (event.key === "Enter" && study !== undefined) this.#open(study);
    else if (event.key === "ArrowUp" && at === 0) this.#filter.focus();
    else if (event.key === "/") this.#filter.focus();
    else if (event.key in target) this.#select(target[event.key] ?? 0, event);
    else return;
    event.preventDefault();
  }

  #select(index: number, event: Event): void {
    const study = this.#rows[Math.min(this.#rows.length - 1, Math.max(0, index))];
    if (study === undefined) return;
    event.preventDefault();
    const top = this.#rows.indexOf(study) * ROW_HEIGHT;
    const room = this.#scroller.clientHeight - 2 * ROW_HEIGHT;
    if (top < this.#scroller.scrollTop) this.#scroller.scrollTop = top;
    else if (top > this.#scroller.scrollTop + room) this.#scroller.scrollTop = top - room;
    this.#selected = study.uid;
    this.#renderRows();
    this.#rowElement(study.uid)?.focus({ preventScroll: true });
  }

  #remember(target: EventTarget | null): void {
    const study = this.#studyOf(target);
    if (study === undefined || study.uid === this.#selected) return;
    this.#rowElement(this.#selected)?.setAttribute("tabindex", "-1");
    this.#rowElement(this.#selected)?.setAttribute("aria-selected", "false");
    this.#selected = study.uid;
    this.#rowElement(study.uid)?.setAttribute("tabindex", "0");
    this.#rowElement(study.uid)?.setAttribute("aria-selected", "true");
  }

  #render(): void {
    const answer = this.#answer;
    this.#rows = answer === null ? [] : arranged(answer.studies, this.#filter.value, this.#sort);
    if (!this.#rows.some(({ uid }) => uid === this.#selected)) this.#selected = this.#rows[0]?.uid ?? "";
    for (const [name, cell] of this.#headers) {
      const sorted = name === this.#sort.column ? (this.#sort.descending ? "descending" : "ascending") : "none";
      cell.setAttribute("aria-sort", sorted);
    }
    const total = answer?.studies.length ?? 0;
    const found = this.#rows.length === total ? `${total}` : `${this.#rows.length} of ${total}`;
    const reading = answer?.indexing ? ` · reading the folder, ${answer.files_seen} files so far` : "";
    setText(this.#count, answer === null ? "" : `${found} ${total === 1 ? "study" : "studies"}${reading}`);
    this.#message.hidden = !answer?.message;
    setText(this.#message, answer?.message ?? "");
    this.#renderProblems();
    this.#renderState();
    this.#renderRows();
  }

  #renderProblems(): void {
    const problems = this.#answer?.problems ?? [];
    this.#problems.hidden = problems.length === 0;
    if (problems.length === 0) this.#problemList.hidden = true;
    this.#problems.replaceChildren(icon("warning"), `Not everything is shown (${problems.length})`);
    this.#problemList.replaceChildren(...problems.slice(0, 500).map(({ path, reason }) => h("li", {}, h("code", {}, path === "." ? "the folder" : path), h("span", {}, reason))));
    if (problems.length > 500) this.#problemList.append(h("li", {}, `… and ${problems.length - 500} more`));
  }

  #renderState(): void {
    const [title, words] = this.#stateWords();
    this.#state.hidden = title === "";
    if (this.#state.textContent !== title + words) this.#state.replaceChildren(h("h2", {}, title), h("p", {}, words));
  }

  #stateWords(): [title: string, words: string] {
    const answer = this.#answer;
    if (this.#rows.length > 0) return ["", ""];
    if (!this.#live) return this.#ended === "" ? ["No connection", "Your reading server does not answer. Trying again…"] : [this.#ended, "Reload the page to log in again."];
    if (answer === null) return ["Loading the study list…", ""];
    if (answer.studies.length > 0) return [`No study matches “${this.#filter.value}”`, "Press Escape in the filter to see all studies."];
    if (answer.indexing) return ["Reading the study folder…", `${answer.files_seen} files so far. Studies appear here as they are found.`];
    if (answer.problems.length > 0) return ["No study could be read", "“Not everything is shown” says which files were passed over, and why."];
    return ["No studies here yet", "The study folder holds no DICOM images. New ones appear here by themselves."];
  }

  #renderRows(): void {
    const { from, to } = visibleRows(this.#rows.length, this.#scroller.scrollTop, this.#scroller.clientHeight);
    const rows = this.#rows.slice(from, to).map((study) => this.#row(study));
    this.#before.style.height = `${from * ROW_HEIGHT}px`;
    this.#after.style.height = `${(this.#rows.length - to) * ROW_HEIGHT}px`;
    const wanted = [this.#before, ...rows, this.#after];
    if (wanted.length === this.#body.children.length && wanted.every((row, index) => this.#body.children[index] === row)) return;
    const focused = this.#body.contains((this.element.getRootNode() as Document | ShadowRoot).activeElement);
    this.#body.replaceChildren(...wanted);
    if (focused) this.#rowElement(this.#selected)?.focus({ preventScroll: true });
  }

  /** A row stays the same element while its study does: a refresh must not fall between two clicks. */
  #row(study: Study): HTMLElement {
    const facts = JSON.stringify(study);
    const known = this.#built.get(study.uid);
    const element = known?.facts === facts ? known.element : this.#newRow(study);
    if (this.#built.size > MOST_BUILT) this.#built.clear();
    if (element !== known?.element) this.#built.set(study.uid, { facts, element });
    const selected = study.uid === this.#selected;
    element.setAttribute("tabindex", selected ? "0" : "-1");
    element.setAttribute("aria-selected", String(selected));
    return element;
  }

  #newRow(study: Study): HTMLElement {
    const cells = COLUMNS.map(({ name, text, numeric }) => h("td", { class: numeric ? "rr-number rr-end" : name === "patient" ? "rr-name" : "", title: text(study) }, text(study) || "–"));
    return h("tr", { "data-testid": "study", "data-study-uid": study.uid }, ...cells);
  }

  #header(name: string, title: string, numeric: boolean): HTMLTableCellElement {
    const button = h("button", { type: "button", title: `Sort by ${title.toLowerCase()}` }, title);
    const cell = h("th", { scope: "col", class: `rr-col-${name}${numeric ? " rr-end" : ""}` }, button);
    button.addEventListener("click", () => {
      this.#sort = { column: name, descending: this.#sort.column === name ? !this.#sort.descending : false };
      this.#render();
    });
    this.#headers.set(name, cell);
    return cell;
  }

  #rowElement(uid: string): HTMLElement | null {
    return uid === "" ? null : this.#body.querySelector<HTMLElement>(`[data-study-uid="${CSS.escape(uid)}"]`);
  }

  #studyOf(target: EventTarget | null): Study | undefined {
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-study-uid]") : null;
    return this.#rows.find(({ uid }) => uid === row?.dataset.studyUid);
  }
}
