// Builds the tablet app into offline_sync/static/: `node offline_sync/tablet/build.mjs [--out FOLDER]`.
// The same sources give the same bytes. Every file but the page and the worker carries its content's hash in its name.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { icons } from "./icons.mjs";
import { writeWire } from "./wire.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const BASE = "/tablet/";
const ASSETS = "assets/";
const TARGET = ["chrome99", "safari15.4"]; // HarmonyOS 4 is Chromium 99; iPads from 15.4 on
const source = (name) => readFile(join(here, name), "utf8");
const short = (bytes, length = 8) => createHash("sha256").update(bytes).digest("hex").slice(0, length);

/** Builds into `out`; returns {build, files: Map of name → Buffer, first: names of the first load, lazy: the others}. */
export async function build(out = join(root, "offline_sync/static")) {
  // Twice: the build's name is our version and the hash of everything it gives out, and the second time it is told its name.
  const drawings = await drawn();
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const nameless = await give(`${version}-${"0".repeat(8)}`, drawings);
  const hash = short([...nameless.files].map(([file, bytes]) => `${file} ${short(bytes, 64)}\n`).join(""));
  const name = `${version}-${hash}`;
  const made = await give(name, drawings);
  await put(made.files, out);
  return { build: name, ...made };
}

async function give(name, drawings) {
  const bundled = await bundle(name);
  const files = new Map([...bundled.files, ...[...drawings.values()].map(({ path, bytes }) => [path, bytes])]);
  const pictures = new Map([...drawings].map(([file, { path }]) => [file, BASE + path]));
  files.set("manifest.webmanifest", await manifest(pictures));
  const page = Buffer.from(await shell(name, bundled, pictures));
  const kept = `${ASSETS}shell-${short(page)}.html`;
  files.set(kept, page);
  // The home screen's own pictures are the system's to fetch and keep.
  const list = [...files.keys()].filter((file) => !/\.webmanifest$|icon-[^/]+\.png$/.test(file)).sort().map((file) => BASE + file);
  files.set("sw.js", await worker(name, list, BASE + kept));
  files.set("index.html", page);
  return { files: new Map([...files].sort()), first: bundled.first, lazy: bundled.lazy };
}

/** Script and style: main.tsx with what it needs at once, and what it asks for later in files of their own. */
async function bundle(name) {
  const told = await esbuild.build({
    absWorkingDir: root, entryPoints: { main: join(here, "main.tsx"), style: "style" }, plugins: [style],
    bundle: true, format: "esm", splitting: true, minify: true, target: TARGET, charset: "utf8", legalComments: "none",
    jsx: "automatic", jsxImportSource: "preact", define: { BUILD: JSON.stringify(name) },
    outdir: join(root, "offline_sync/static", ASSETS), publicPath: BASE + ASSETS, write: false, metafile: true,
    entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", assetNames: "[name]-[hash]",
    loader: { ".wasm": "file", ".svg": "file", ".png": "file" }, logLevel: "warning",
  });
  const outputs = Object.entries(told.metafile.outputs).map(([path, one]) => [basename(path), one]);
  const starts = outputs.filter(([, one]) => one.entryPoint && /main\.tsx$|:style$/.test(one.entryPoint));
  const first = closure(starts.map(([file]) => file), new Map(outputs));
  const files = told.outputFiles.map((file) => [ASSETS + basename(file.path), Buffer.from(file.contents)]);
  return {
    files: files.filter(([file]) => !/style-[^.]+\.js$/.test(file)), // an empty script beside the sheet
    first: first.map((file) => ASSETS + file),
    lazy: outputs.map(([file]) => ASSETS + file).filter((file) => !first.includes(file.slice(ASSETS.length))),
  };
}

/** What must be there before the app stands: the entries and what they import without waiting. */
function closure(names, outputs) {
  const seen = new Set(names);
  for (const name of seen) {
    for (const one of outputs.get(name).imports) {
      if (one.kind === "import-statement") seen.add(basename(one.path));
    }
  }
  return [...seen].sort();
}

/** The style sheet's entry: the tokens of desk and paper, then the tablet's own. */
const style = {
  name: "style",
  setup(at) {
    at.onResolve({ filter: /^style$/ }, () => ({ path: "style", namespace: "style" }));
    at.onLoad({ filter: /.*/, namespace: "style" }, async () => {
      const own = join(here, "css/tablet.css");
      const sheets = [join(root, "templates/static/tokens.css"), ...(existsSync(own) ? [own] : [])];
      return { contents: sheets.map((sheet) => `@import ${JSON.stringify(sheet)};`).join("\n"), loader: "css", resolveDir: here };
    });
  },
};

/** The icons by their own name: where they lie, and their bytes. */
async function drawn() {
  const pictures = new Map(Object.entries(icons(rgb(await theme()))));
  pictures.set("icon.svg", await readFile(join(root, "templates/static/icon.svg")));
  return new Map([...pictures].map(([file, bytes]) => {
    const [, stem, kind] = /^(.+)\.(\w+)$/.exec(file);
    return [file, { path: `${ASSETS}${stem}-${short(bytes)}.${kind}`, bytes }];
  }));
}

/** The accent colour, from the one palette. */
async function theme() {
  return /--pine:\s*(#[0-9a-f]{6})/i.exec(await readFile(join(root, "templates/static/tokens.css"), "utf8"))[1];
}

const rgb = (colour) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));

async function manifest(pictures) {
  const told = JSON.parse(await source("manifest.json"));
  for (const icon of told.icons) icon.src = pictures.get(icon.src);
  told.theme_color = told.background_color = await theme();
  return Buffer.from(`${JSON.stringify(told, null, 1)}\n`);
}

async function shell(name, { first }, pictures) {
  const tags = first.map((file) => {
    if (file.endsWith(".css")) return `<link rel="stylesheet" href="${BASE}${file}">`;
    if (/main-[^/]+\.js$/.test(file)) return `<script type="module" src="${BASE}${file}"></script>`;
    return file.endsWith(".js") && !/style-/.test(file) ? `<link rel="modulepreload" href="${BASE}${file}">` : "";
  });
  const words = { build: name, base: BASE, theme: await theme(), head: tags.filter(Boolean).join("\n"), ...Object.fromEntries(pictures) };
  return (await source("index.html")).replace(/\{\{([^}]+)\}\}/g, (_, key) => words[key]);
}

async function worker(name, files, page) {
  const told = await esbuild.build({
    absWorkingDir: root, entryPoints: [join(here, "service-worker.ts")], bundle: true, format: "iife", minify: true,
    target: TARGET, charset: "utf8", legalComments: "none", write: false, logLevel: "warning",
    define: { BUILD: JSON.stringify(name), FILES: JSON.stringify(files), SHELL: JSON.stringify(page) },
  });
  return Buffer.from(told.outputFiles[0].contents);
}

/** New files first, then the page and the worker that name them, then away with what nobody names: safe while served. */
async function put(files, out) {
  await mkdir(join(out, ASSETS), { recursive: true });
  const late = ["manifest.webmanifest", "index.html", "sw.js"];
  for (const file of [...files.keys()].filter((one) => !late.includes(one)).concat(late)) {
    const fresh = join(out, `${file}.${process.pid}`);
    await writeFile(fresh, files.get(file));
    await rename(fresh, join(out, file));
  }
  for (const folder of ["", ASSETS]) {
    for (const entry of await readdir(join(out, folder), { withFileTypes: true })) {
      if (entry.isFile() && !files.has(folder + entry.name)) await rm(join(out, folder, entry.name), { force: true });
    }
  }
}

/** Gzip sizes in bytes of script and style: before the first screen, and later. */
export function sizes({ files, first, lazy }) {
  const weigh = (names) => names.filter((file) => files.has(file)).reduce((sum, file) => sum + gzipSync(files.get(file), { level: 9 }).length, 0);
  return { first: weigh(first), lazy: weigh(lazy) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf("--out");
  await writeWire(); // for the types' sake; nothing of it is in the bundle
  const made = await build(at > 0 ? process.argv[at + 1] : undefined);
  for (const [file, bytes] of made.files) console.log(`${String(gzipSync(bytes, { level: 9 }).length).padStart(8)} B gzip  ${file}`);
  const { first, lazy } = sizes(made);
  console.log(`build ${made.build}: first load ${(first / 1000).toFixed(1)} kB gzip, later ${(lazy / 1000).toFixed(1)} kB`);
}
