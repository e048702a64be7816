import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const root = process.env.TABLET_ROOT ?? ".";
const home = join(root, "offline_sync/tablet");
const load = async (): Promise<{ wireTypes(schema?: string): Promise<string> }> => import(pathToFileURL(join(home, "wire.mjs")).href);

test("wire.d.ts is what the schema says now (else: npm run wire)", async () => {
  const { wireTypes } = await load();
  assert.equal(await readFile(join(home, "wire.d.ts"), "utf8"), await wireTypes());
});

test("one field more in the schema makes other types", async () => {
  const { wireTypes } = await load();
  const schema = JSON.parse(await readFile(join(root, "docs/wire.schema.json"), "utf8"));
  schema.$defs.HelloOut.properties.later = { type: "string" };
  const folder = await mkdtemp(join(tmpdir(), "wire-"));
  try {
    await writeFile(join(folder, "schema.json"), JSON.stringify(schema));
    assert.match(await wireTypes(join(folder, "schema.json")), /later\?: string/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
