/** A rescue written by the tablet's own code and taken in by the real server: every byte compared, nothing ever doubled. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { backedName } from "../../../offline_sync/tablet/keep/draft-copy";
import { KeptDrafts } from "../../../offline_sync/tablet/keep/drafts";
import { type Around, make, weigh } from "../../../offline_sync/tablet/keep/rescue";
import { zipped } from "../../../offline_sync/tablet/rules/zip";
import { commandOf } from "../../../offline_sync/tablet/sync/batches";
import { WANTED } from "../keep-house";
import { House, pictures } from "./house";
import { Road } from "./road";
import { begun, newDevice, Tablet, WORD } from "./tablet";

const PYTHON = join(process.env.TABLET_ROOT ?? process.cwd(), ".venv/bin/python");
const house = new House();
let road: Road;
const shots = pictures(["r1", "r2", "r3", "r4", "r5"], 60);
const shot = (name: string) => shots.get(name)!;
let open: Tablet[] = [];

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
beforeEach(async () => {
  for (const one of open.splice(0)) await one.close();
  road.mishap = () => undefined;
});
after(async () => {
  for (const one of open.splice(0)) await one.close();
  await road.close();
  await house.end();
});

const around = (mine: Tablet): Around & { drafts: KeptDrafts } => {
  const drafts = new KeptDrafts(mine.shelf);
  return { shelf: mine.shelf, build: "test", platform: "node", command: commandOf, open: (core) => drafts.inMemory(core), drafts };
};

async function gone(): Promise<Tablet> {
  const mine = await begun(road.url, "inspector");
  open.push(mine);
  road.mishap = () => ({ status: 503 }); // from here on nobody answers
  return mine;
}

async function written(file: File): Promise<string> {
  const path = join(house.folder, file.name);
  writeFileSync(path, Buffer.from(await file.arrayBuffer()));
  return path;
}

const inside = (path: string): Record<string, string> => JSON.parse(execFileSync(PYTHON, ["-c",
  "import sys,zipfile,json,base64\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint(json.dumps({i.filename:base64.b64encode(z.read(i)).decode() for i in z.infolist()}))", path],
  { encoding: "utf8", maxBuffer: 1e9 })) as Record<string, string>;
const stored = (sha256: string): Buffer => readFileSync(join(house.data, "blobs", sha256.slice(0, 2), sha256.slice(2, 4), sha256));
const bring = (path: string, ...words: string[]): string => house.manage("import-rescue", path, "--data", house.data, ...words);

test("a zip of 64-bit records is read by Python as one of 32", async () => {
  const entries = Array.from({ length: 30 }, (_, nth) => ({ name: `n/${nth}`, bytes: Uint8Array.from([nth, 1, 2]) }));
  async function* all() { yield* entries; }
  for (const wide_from of [undefined, 100, 0]) {
    const parts: Uint8Array[] = [];
    for await (const piece of zipped(all(), new Date(), wide_from)) parts.push(piece);
    const path = join(house.folder, `wide-${wide_from}.zip`);
    writeFileSync(path, Buffer.concat(parts));
    assert.deepEqual(Object.values(inside(path)), entries.map(({ bytes }) => Buffer.from(bytes).toString("base64")));
  }
});

test("what waits, drafts and photos go into the file to the byte; imported, then synced: one of each", async () => {
  const mine = await gone();
  const me = await mine.me();
  const one = await mine.visit([shot("r1"), shot("r2")], "110109005203");
  await mine.act("card.dismiss", { card: one.inspection });
  const parts = around(mine);
  const draft = await parts.drafts.begin({ ...WANTED, inspectors: [me] });
  const shown = await parts.drafts.open(draft.inspection);
  shown.answer("RE-2.1", { note: "还没填完" });
  const loose = await mine.keep(shot("r3"), draft.inspection);
  assert.deepEqual(await weigh(parts, me), { commands: 2, drafts: 1, photos: 3, bytes: [shot("r1"), shot("r2"), shot("r3")].reduce((sum, { original }) => sum + original.length, 0), unread: [] });
  const { file, locked } = await make(parts, me, null, () => undefined);
  assert.equal(locked, false);
  const path = await written(file);
  const entries = inside(path);
  const told = JSON.parse(Buffer.from(entries["manifest.json"]!, "base64").toString()) as Record<string, { file: string }[]>;
  const waiting = await (await mine.store()).waiting();
  assert.deepEqual(told.commands!.map(({ file: name }) => Buffer.from(entries[name]!, "base64").toString()), waiting.map((entry) => JSON.stringify(commandOf(entry))));
  for (const { original } of [shot("r1"), shot("r2"), shot("r3")]) assert.ok(Object.values(entries).includes(original.toString("base64")));
  assert.equal(waiting.length, 2, "nothing leaves the tablet because of a rescue");

  const said = bring(path);
  assert.match(said, /封签核对无误[^]*1\. 提交检查：[^]*2\. /);
  assert.deepEqual(house.sql("SELECT status, seq FROM command WHERE id = ?", one.entry.id), [["applied", 1]]);
  assert.deepEqual(house.sql("SELECT payload FROM command WHERE id = ?", one.entry.id), [[JSON.stringify(commandOf(one.entry))]]);
  for (const photo of [...one.photos, loose]) assert.deepEqual(stored(photo.sha256), Buffer.from((await (await mine.store()).bytes(photo.sha256))!));
  assert.equal(house.sql("SELECT COUNT(*) FROM draft WHERE inspection = ?", draft.inspection)[0]?.[0], 1);
  const before_ = house.changes();
  bring(path);
  assert.equal(house.changes(), before_, "twice takes no number");

  road.mishap = () => undefined;
  road.log.length = 0;
  mine.engine.now();
  await mine.drained();
  await mine.calm();
  assert.equal(house.changes(), before_, "nor does the tablet that comes back");
  assert.equal(road.count("PATCH", "/api/tus"), 0, "and no photo travels again");
  assert.deepEqual(house.sql("SELECT COUNT(*) FROM inspection WHERE id = ?", one.inspection), [[1]]);
  bring(path);
  assert.equal(house.changes(), before_);
});

test("a wiped tablet: the file alone brings everything, and the author's new tablet sees it", async () => {
  const mine = await gone();
  const { inspection, photos } = await mine.visit([shot("r4")], "110109005204");
  const path = await written((await make(around(mine), await mine.me(), "山路漫漫八个字", () => undefined)).file);
  await mine.close();
  open = [];
  newDevice();
  road.mishap = () => undefined;
  bring(path); // the passphrase is not needed where the tablet signed in
  const fresh = await begun(road.url, "inspector");
  open.push(fresh);
  assert.ok((await fresh.rows("inspection")).some((one) => one.id === inspection));
  assert.deepEqual(stored(photos[0]!.sha256), shot("r4").original);
});

test("another's store: locked to its own server, by the one who holds the tablet", async () => {
  const mine = await gone();
  const me = await mine.me();
  const { entry } = await mine.visit([shot("r5")], "110109005205");
  road.mishap = () => undefined;
  const away = () => ({ status: 503 });
  await mine.engine.close();
  await mine.people.signIn("inspector2", WORD);
  road.mishap = away;
  assert.notEqual(await mine.me(), me);
  const { file, locked } = await make(around(mine), me, null, () => undefined);
  const path = await written(file);
  assert.ok(locked);
  const bytes = readFileSync(path);
  assert.ok(!bytes.includes(shot("r5").original.subarray(100, 200)) && !bytes.includes(entry.id));
  assert.match(bring(path), /封签核对无误/);
  const author = house.sql("SELECT person FROM command WHERE id = ?", entry.id)[0]?.[0];
  assert.equal(author, me);
  // Without the deposit token there is no key that only the server has.
  await mine.shelf.device.write(["people"], async (t) => {
    const kept = await t.get("people", me);
    if (kept) t.put("people", { ...kept, deposit: null });
  });
  await assert.rejects(make(around(mine), me, null, () => undefined), { code: "rescue_own" });
});

test("a draft's counter in the file stands between two backups", async () => {
  const mine = await gone();
  const parts = around(mine);
  const draft = await parts.drafts.begin({ ...WANTED, assignment: null, village: "110109005206" });
  const { core } = mine.shelf.of(await mine.me());
  await core.write(["meta"], async (t) => t.put("meta", { name: backedName(draft.inspection), value: { rev: 6, hash: "x" } }));
  const entries = inside(await written((await make(parts, await mine.me(), null, () => undefined)).file));
  const told = JSON.parse(Buffer.from(entries["manifest.json"]!, "base64").toString()) as { drafts: { rev: number }[] };
  assert.equal(told.drafts.find((one) => "rev" in one)?.rev, 7);
});

test("one store that cannot be read costs nothing that lies in the others", async () => {
  const mine = await gone();
  const me = await mine.me();
  const { entry } = await mine.visit([shot("r1")], "110109005207");
  const hash = createHash("sha256").update(shot("r1").original).digest("hex");
  const { core } = mine.shelf.of(me);
  const read = core.read.bind(core);
  const broken: Record<string, string[]> = { photos: ["commands"], outbox: ["photos"] };
  try {
    for (const [store, there] of Object.entries(broken)) {
      core.read = ((stores: string[], work: never) => (stores.includes(store)
        ? Promise.reject(new DOMException("Failed to read large IndexedDB value", "NotReadableError")) : read(stores as never, work))) as typeof core.read;
      const told = await weigh(around(mine), me);
      const { file, unread } = await make(around(mine), me, null, () => undefined);
      assert.deepEqual([unread, told.unread], [told.unread, [store === "photos" ? "photos" : "commands"]]);
      const entries = inside(await written(file));
      assert.ok(entries[`photos/${hash}`], "the picture lies in a store of its own");
      assert.equal(Object.keys(entries).filter((name) => name.endsWith(`${entry.id}.json`)).length, there.includes("commands") ? 1 : 0);
      const path = await written(file);
      assert.match(bring(path), /照片 1 张/);
    }
  } finally {
    core.read = read;
  }
  assert.deepEqual(stored(hash), shot("r1").original);
});
