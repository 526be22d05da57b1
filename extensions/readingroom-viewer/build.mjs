// Builds the front end: one ES module, its style sheet, the hub's theme and the icon of every page, all from js/.
import { build } from "esbuild";
import { copyFile, mkdir, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const viewer = here("src/readingroom_viewer/static/");
const hub = here("../readingroom-hub/src/readingroom_hub/static/");

const common = {
  bundle: true,
  minify: true,
  target: "es2022",
  charset: "utf8",
  logLevel: "warning",
  legalComments: "none",
};

await Promise.all([mkdir(viewer, { recursive: true }), mkdir(hub, { recursive: true })]);
await Promise.all([
  ...[viewer, hub].map((folder) => copyFile(here("js/theme/icon.svg"), `${folder}icon.svg`)),
  build({
    ...common,
    entryPoints: [here("js/index.ts")],
    outfile: `${viewer}viewer.js`,
    format: "esm",
    platform: "browser",
    loader: { ".svg": "text", ".woff2": "binary" },
  }),
  build({ ...common, entryPoints: [here("js/theme/viewer.css")], outfile: `${viewer}viewer.css`, loader: { ".woff2": "dataurl" } }),
  build({ ...common, entryPoints: [here("js/theme/hub.css")], outfile: `${hub}theme.css`, loader: { ".woff2": "dataurl" } }),
]);

for (const file of [`${viewer}viewer.js`, `${viewer}viewer.css`, `${hub}theme.css`]) {
  const { size } = await stat(file);
  console.log(`${(size / 1024).toFixed(1).padStart(7)} KiB  ${file.slice(here("../").length)}`);
}
