// Which display the page is on: a name that its reader chose, remembered by this browser. What was measured is the server's.

const KEY = "readingroom.display";

/** Return the name, empty where none was given or the browser keeps nothing. */
export function rememberedDisplay(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function rememberDisplay(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A browser that keeps nothing asks for the name again: the display is then review only, which is safe.
  }
}
