/** A visit put right on another tablet than it was handed in on: open at once, its small pictures as they come. */
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { KeptDrafts } from "../../../offline_sync/tablet/keep/drafts";
import type { Submission } from "../../../offline_sync/tablet/wire";
import { DraftBackups } from "../../../offline_sync/tablet/sync/backups";
import { House, pause, pictures, until } from "./house";
import { Road } from "./road";
import { begun, Tablet } from "./tablet";

const house = new House();
const shots = [...pictures(["a1", "a2", "a3", "a4", "a5", "a6", "a7"], 40).values()];
let road: Road;
let inspection = "";
let hashes: string[] = [];
let open: Tablet[] = [];

const isSmall = (path: string): boolean => /^\/api\/blobs\/\w+\?w=/.test(path);
const asked = (): string[] => road.log.filter((one) => isSmall(one.path)).map(({ path }) => path.split(/[/?]/)[3]!);

before(async () => {
  await house.start();
  road = await new Road(house).open();
  const first = await begun(road.url, "inspector");
  inspection = crypto.randomUUID();
  const photos = [];
  for (const shot of shots) photos.push(await first.keep(shot, inspection));
  const sheet = (await first.sheet(inspection, photos.slice(0, 6))) as Submission;
  const all = ((await first.sheet(inspection, photos)) as Submission).photos; // the last shows the village, no finding
  await first.act("inspection.submit", { ...sheet, photos: all }, photos.map(({ id }) => id));
  await first.drained();
  await first.calm();
  await first.close();
  hashes = photos.map(({ sha256 }) => sha256);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});
after(async () => {
  await road.close();
  await house.end();
});

/** Another tablet of the author's, which the road gave no picture so far. */
async function another(): Promise<{ mine: Tablet; backups: DraftBackups; kept: () => Promise<string[]> }> {
  road.mishap = ({ path }) => (isSmall(path) ? { status: 502 } : undefined);
  const mine = await begun(road.url, "inspector");
  open.push(mine);
  road.log.length = 0;
  const { cache } = mine.shelf.of(await mine.me());
  const kept = async () => (await cache.read(["previews"], (t) => t.keys("previews"))).filter((one) => hashes.includes(one));
  return { mine, backups: new DraftBackups(mine.stores, mine.link, mine.live), kept };
}

test("the sheet opens while no picture has come, and three are asked for at once", async () => {
  const { mine, backups, kept } = await another();
  road.mishap = ({ path }) => (isSmall(path) ? { delay_ms: 600_000 } : undefined);
  let ended = 0;
  const call = mine.link.call.bind(mine.link);
  mine.link.call = (method, path, asking) => call<never>(method, path, asking).finally(() => { if (isSmall(path)) ended += 1; });
  await backups.amend(inspection);
  assert.equal(ended, 0, "nobody waited for a picture, nor for the end of patience with it");
  const sheet = await new KeptDrafts(mine.shelf).open(inspection);
  assert.equal(sheet.answers.get("RE-1.1")?.findings.length, 6);
  assert.equal(sheet.photos.length, 7);
  await until("three requests", () => asked().length >= 3);
  await pause(200); // more would be on their way
  assert.equal(asked().length, 3);
  assert.deepEqual(await kept(), []);
  await sheet.close();
});

test("one that does not come holds up none of the others, and each is told of as it comes", async () => {
  const { mine, backups, kept } = await another();
  const [late] = hashes;
  road.mishap = ({ path }) => (path.startsWith(`/api/blobs/${late}`) ? { delay_ms: 600_000 } : undefined);
  mine.live.told.length = 0;
  await backups.amend(inspection);
  await until("the other six", async () => (await kept()).length === 6, 20_000);
  assert.ok(!(await kept()).includes(late!));
  assert.ok(mine.live.told.filter((one) => one === "photos").length >= 7);
});

test("where the line gives out nobody goes on asking; the next sync brings the rest, those that show no finding too", async () => {
  const { mine, backups, kept } = await another();
  await backups.amend(inspection);
  await until("the first answers", () => road.log.filter((one) => isSmall(one.path) && one.status === 502).length >= 1);
  await pause(200); // whoever would go on asking does
  assert.ok(asked().length <= 3);
  road.mishap = () => undefined;
  mine.engine.now();
  await until("all of them", async () => (await kept()).length === 7, 20_000);
});
