// Runs the tablet's tests under node's own runner: `npm test [-- part of a file's name …]`. Those in server/ start the
// real server and take their time: `npm run test:server [-- part …]`.
// esbuild turns each *.test.ts(x) into a module first; node 20 reads no TypeScript.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../../", import.meta.url));
const slow = process.argv[2] === "server/";
const here = join(root, "tests/tablet", slow ? "server" : "");
const wanted = process.argv.slice(slow ? 3 : 2);
const files = readdirSync(here).filter((name) => /\.test\.tsx?$/.test(name) && (!wanted.length || wanted.some((part) => name.includes(part))));
if (!files.length) {
  console.error("no such test");
  process.exit(2);
}
// Inside the checkout, so that node finds node_modules from there.
const out = mkdtempSync(join(root, "node_modules/.tablet-tests-"));
try {
  await build({
    entryPoints: files.map((name) => join(here, name)), outdir: out, outExtension: { ".js": ".mjs" }, bundle: true,
    format: "esm", platform: "node", packages: "external", target: "node20", jsx: "automatic", jsxImportSource: "preact",
    sourcemap: "inline", logLevel: "warning", loader: { ".json": "json" },
    define: { BUILD: '"test"' },
  });
  const names = files.map((name) => join(out, name.replace(/\.tsx?$/, ".mjs")));
  const demo = join(out, "demo"); // loaded once, copied by each file's house
  if (slow) {
    const made = spawnSync(join(root, ".venv/bin/python"), ["manage.py", "load-demo", "--data", demo], { cwd: root, encoding: "utf8" });
    if (made.status) throw new Error(made.stdout + made.stderr);
  }
  const told = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...names], { cwd: root, stdio: "inherit", env: { ...process.env, TABLET_ROOT: root, TABLET_DEMO: demo } });
  process.exitCode = told.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
