import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inflateSync } from "node:zlib";

interface Made {
  build: string;
  files: Map<string, Buffer>;
  first: string[];
  lazy: string[];
}
interface Build {
  build(out: string): Promise<Made>;
  sizes(made: Made): { first: number; lazy: number };
}

const root = process.env.TABLET_ROOT ?? ".";
let folder: string;
let maker: Build;
let made: Made;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-"));
  maker = await import(pathToFileURL(join(root, "offline_sync/tablet/build.mjs")).href);
  made = await maker.build(join(folder, "a"));
});
after(() => rm(folder, { recursive: true }));

const text = (name: string): string => String(made.files.get(name));
const page = (): string => text("index.html");

test("script and style of the first load weigh at most 90 kB gzip", () => {
  const { first } = maker.sizes(made);
  assert.ok(first <= 90_000, `${first} bytes`);
  assert.ok(made.first.some((file) => file.endsWith(".css")) && made.first.some((file) => /main-.*\.js$/.test(file)));
});

test("the barcode reader comes later, with a wasm of ours", () => {
  const asks = (file: string): boolean => /zxing_reader-\w+\.wasm/.test(text(file));
  assert.deepEqual(made.first.filter(asks), []);
  assert.ok(made.lazy.some(asks));
  assert.ok(made.lazy.some((file) => /assets\/zxing_reader-\w+\.wasm$/.test(file)));
});

test("nothing on the page comes from elsewhere or runs inside it", () => {
  assert.doesNotMatch(page(), /https?:\/\//);
  assert.doesNotMatch(page(), /<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
  const named = [...page().matchAll(/(?:src|href)="\/tablet\/([^"]+)"/g)].map((found) => found[1] ?? "");
  assert.ok(named.length >= 5);
  assert.deepEqual(named.filter((file) => !made.files.has(file)), []);
  assert.doesNotMatch(page(), /\{\{/);
  for (const [name, bytes] of made.files) {
    // The reader's own code names a public host as its fallback; ours tells it the file's place, and the policy forbids more.
    if (/\.(js|css)$/.test(name) && !/\/zxing-/.test(name)) assert.doesNotMatch(String(bytes), /\/\/[\w.-]*(?:jsdelivr|unpkg|googleapis|cdn)\b/, name);
  }
});

test("the worker keeps the page, all script and style, and nothing that is not there", () => {
  const names = [...text("sw.js").matchAll(/"\/tablet\/(assets\/[^"]+)"/g)].map((found) => found[1] ?? "");
  assert.deepEqual(names.filter((file) => !made.files.has(file)), []);
  const kept = new Set(names);
  assert.deepEqual([...made.first, ...made.lazy].filter((file) => made.files.has(file) && !kept.has(file)), []);
  const shell = names.filter((file) => file.endsWith(".html"));
  assert.deepEqual([...new Set(shell)].map(text), [page()]);
  assert.ok(text("sw.js").includes(made.build) && page().includes(made.build));
});

test("the manifest installs it with icons of the promised size", () => {
  const told = JSON.parse(text("manifest.webmanifest")) as { scope: string; icons: { src: string; sizes: string }[] };
  assert.equal(told.scope, "/tablet/");
  for (const { src, sizes } of told.icons.filter((icon) => icon.src.endsWith(".png"))) {
    const png = made.files.get(src.replace("/tablet/", "")) ?? Buffer.alloc(0);
    const side = png.readUInt32BE(16);
    assert.equal(`${side}x${png.readUInt32BE(20)}`, sizes);
    const length = png.readUInt32BE(33);
    assert.equal(inflateSync(png.subarray(41, 41 + length)).length, side * (side * 4 + 1));
  }
});

test("a second build is the same to the byte, and what an earlier one left is cleared away", async () => {
  const again = await maker.build(join(folder, "a"));
  assert.equal(again.build, made.build);
  assert.deepEqual([...again.files.keys()], [...made.files.keys()]);
  for (const [name, bytes] of made.files) assert.ok(bytes.equals(await readFile(join(folder, "a", name))), name);
  const there = await readdir(join(folder, "a"), { recursive: true });
  assert.deepEqual(there.filter((name) => name !== "assets").sort(), [...made.files.keys()].sort());
});
