/** What one inspector photographed, another sees small before the network goes. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, pictures, until } from "./house";
import { Road } from "./road";
import { begun } from "./tablet";

const house = new House();
let road: Road;

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
after(async () => {
  await road.close();
  await house.end();
});

test("small pictures of others come last, are kept, and are asked for once", async () => {
  const shot = pictures(["seen"], 300).get("seen")!;
  const first = await begun(road.url, "inspector");
  const { photos: [taken] } = await first.visit([shot]);
  await first.drained();
  await first.calm();
  await first.close();
  const { sha256 } = taken!;
  assert.ok(!road.log.some((one) => one.path.startsWith(`/api/blobs/${sha256}?`)), "one's own pictures are here");

  const second = await begun(road.url, "inspector2");
  await second.calm();
  const { cache } = second.shelf.of(await second.me());
  const kept = () => cache.read(["previews"], (t) => t.get("previews", sha256));
  await until(() => "the picture", async () => (await kept()) !== undefined);
  const head = Buffer.from((await kept())!.bytes).subarray(0, 2).toString("hex");
  assert.equal(head, "ffd8", "a JPEG");
  second.engine.now();
  await second.calm();
  assert.equal(road.log.filter((one) => one.path.startsWith(`/api/blobs/${sha256}?`)).length, 1);
  await second.close();
});
