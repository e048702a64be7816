/** The engine behind a bad line that is a process of its own and knows nothing of us (tests/faults/proxy.py).
 *
 * LINE_TURNS acts, LINE_SEED for the line's chance. What it came to is printed as one line for `./dev faults`.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Entry } from "../../../offline_sync/tablet/model";
import { commandOf } from "../../../offline_sync/tablet/sync/batches";
import { House, pause, pictures } from "./house";
import { newDevice, sha, Tablet, VILLAGE, WORD } from "./tablet";

const ROOT = process.env.TABLET_ROOT ?? process.cwd();
const TURNS = Number(process.env.LINE_TURNS ?? 8);
const house = new House();
let line: ChildProcess;
let url = "";

before(async () => {
  await house.start();
  const words = ["--behind", `127.0.0.1:${house.port}`, "--seed", process.env.LINE_SEED ?? "7", "--cut", "0.35", "--delay", "0.15", "--repeat", "0.3"];
  line = spawn(join(ROOT, ".venv/bin/python"), [join(ROOT, "tests/faults/proxy.py"), ...words]);
  url = await new Promise<string>((resolve) => line.stdout?.once("data", (text: Buffer) => resolve(`http://127.0.0.1:${text.toString().trim()}`)));
});
after(async () => {
  line.kill("SIGKILL");
  await house.end();
});

async function entered(): Promise<Tablet> {
  newDevice();
  const tablet = await new Tablet(url).open();
  for (let nth = 0; ; nth += 1) {
    try {
      await tablet.people.signIn("inspector", WORD);
      break;
    } catch (error) {
      if (nth > 40) throw error;
    }
  }
  await tablet.calm(120_000);
  return tablet;
}

test("through a line that cuts anywhere, delays and repeats: every act once, every byte", async () => {
  const begun = Date.now();
  let tablet = await entered();
  const made: Entry[] = [];
  const shots = pictures(Array.from({ length: Math.max(4, Math.min(60, TURNS)) }, (_, nth) => `line ${nth}`), 150);
  const left = [...shots.values()];
  let village = 110109005201;
  for (let turn = 0; turn < TURNS; turn += 1) {
    if (turn % 2 === 0) made.push((await tablet.visit(left.splice(0, 2), String(village++))).entry);
    else made.push(await tablet.act("village.locate", { village: VILLAGE, position: { lat: 39 + turn / 1000, lng: 116, accuracy: 5 }, photo: null }));
    if (turn % 5 === 4) {
      await tablet.close(); // the window goes, another one opens
      tablet = await new Tablet(url).open();
    }
    await pause(30);
  }
  await tablet.drained(undefined, 120_000 + TURNS * 3_000);
  line.kill("SIGUSR1");
  await pause(700); // what was to be repeated is on its way by now
  const commands = house.sql("SELECT id, payload FROM command");
  assert.equal(commands.length, made.length, "as many acts as were made");
  for (const entry of made) {
    const { seq: _seq, ...sent } = commandOf(entry);
    const found = commands.filter(([id]) => id === entry.id);
    const { seq: _there, ...there } = JSON.parse(String(found[0]?.[1])) as Record<string, unknown>;
    assert.deepEqual(there, sent);
  }
  const photos = made.flatMap(({ args }) => (args as { photos?: { sha256: string }[] }).photos ?? []);
  const { session } = await (await tablet.store()).standing();
  let bytes = 0;
  for (const { sha256 } of photos) {
    const answer = await fetch(`${house.url}/api/blobs/${sha256}`, { headers: { Authorization: `Bearer ${session}` } });
    const data = Buffer.from(await answer.arrayBuffer());
    assert.equal(sha(data), sha256);
    bytes += data.length;
  }
  assert.deepEqual(house.sql("SELECT COUNT(*) FROM stranger"), [[0]]);
  house.manage("verify", "--data", house.data);
  await tablet.close();
  const said = new Promise<string>((resolve) => line.stdout?.once("data", (text: Buffer) => resolve(text.toString().trim())));
  line.kill("SIGTERM");
  const did = JSON.parse(await said) as Record<string, number>;
  assert.ok(did.cut && did.repeated, JSON.stringify(did));
  console.log(`BAD LINE acts ${made.length}, photos ${photos.length}, megabytes ${Math.round(bytes / 1e6)}, lost 0, line ${JSON.stringify(did)}, ${Math.round((Date.now() - begun) / 1000)} s`);
});
