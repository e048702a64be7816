/** A visit with photos comes whole over a bad road, and nothing of it twice. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, pictures } from "./house";
import { Road } from "./road";
import { begun, sha, type Tablet } from "./tablet";

const house = new House();
let road: Road;
const shots = pictures(["a", "b", "c", "d", "e", "f", "g"], 300);
const shot = (name: string) => shots.get(name)!;

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
after(async () => {
  await road.close();
  await house.end();
});

async function blob(tablet: Tablet, sha256: string): Promise<Buffer> {
  const { session } = await (await tablet.store()).standing();
  const answer = await fetch(`${house.url}/api/blobs/${sha256}`, { headers: { Authorization: `Bearer ${session}` } });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

test("text, previews, originals, news: in this order, and every byte as it was", async () => {
  const tablet = await begun(road.url, "inspector");
  road.log.length = 0;
  const { entry, inspection, photos } = await tablet.visit([shot("a"), shot("b")]);
  await tablet.drained();
  await tablet.calm();
  const kept = (await (await tablet.store()).kept()).find((one) => one.id === entry.id);
  assert.equal(kept?.verdict?.status, "applied");
  for (const photo of photos) assert.equal(sha(await blob(tablet, photo.sha256)), photo.sha256);
  const paths = road.log.map((one) => one.path.replace(/[0-9a-f]{64}/, "…"));
  const first = (path: string): number => paths.findIndex((one) => one.startsWith(path));
  assert.ok(first("/api/sync/push") < first("/api/blobs/…/preview"), String(paths));
  assert.ok(paths.lastIndexOf("/api/blobs/…/preview") < first("/api/tus"), String(paths));
  assert.ok(paths.lastIndexOf("/api/tus/…") < paths.lastIndexOf("/api/sync/pull"), String(paths));
  assert.ok((await tablet.rows("inspection")).some((one) => one.id === inspection));
  assert.equal(tablet.engine.state.photos.waiting, 0);
  await tablet.close();
});

test("a small photo is one request", async () => {
  const tablet = await begun(road.url, "inspector");
  const small = pictures(["small"], 100).get("small")!;
  assert.ok(small.original.length < 256 * 1024);
  road.log.length = 0;
  await tablet.visit([small], "110109005202");
  await tablet.drained();
  assert.deepEqual(road.log.filter((one) => one.path.startsWith("/api/tus")).map((one) => one.method), ["POST"]);
  await tablet.close();
});
