/** A server brought back from its backup: what it lost comes again from the tablets that were there. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { House, pictures, until } from "./house";
import { Road } from "./road";
import { begun, WORD } from "./tablet";

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

const onServer = (id: string) => house.sql("SELECT COUNT(*) FROM command WHERE id = ?", id)[0]?.[0];

test("a server brought back from its backup gets what it lost: acts, and photos to the byte", async () => {
  const mine = await begun(road.url, "inspector");
  const shots = pictures(["x", "y", "z"], 120);
  await mine.visit([shots.get("x")!], "110109005201");
  await mine.drained();
  const first = await mine.me();
  await mine.people.signIn("inspector2", WORD);
  await mine.calm();
  const second = await mine.me();
  house.manage("backup", "--data", house.data, "--to", join(house.folder, "backup"));
  const theirs = await mine.visit([shots.get("z")!], "110109005204");
  await mine.drained();
  await mine.people.choose(first);
  const { entry, inspection, photos } = await mine.visit([shots.get("y")!], "110109005202");
  await mine.drained();
  await mine.calm();
  const before_ = await (await mine.store()).standing();
  await house.stop();
  house.data = join(house.folder, "restored");
  house.manage("restore", "--from", join(house.folder, "backup"), "--data", house.data);
  await house.start();
  assert.equal(onServer(entry.id), 0);
  mine.engine.now();
  await until("the lost act", () => onServer(entry.id) === 1);
  await mine.drained();
  await mine.calm();
  const { epoch, replica } = await (await mine.store()).standing();
  assert.notEqual(epoch, before_.epoch);
  assert.equal(replica, before_.replica);
  assert.deepEqual(house.sql("SELECT state FROM photo WHERE sha256 = ?", photos[0]?.sha256 ?? ""), [["stored"]]);
  assert.ok((await mine.rows("inspection")).some((one) => one.id === inspection));
  assert.deepEqual(house.sql("SELECT COUNT(*) FROM inspection WHERE id = ?", inspection), [[1]]);
  // What another person handed in before is sent again too, by their deposit, whoever works on the tablet now.
  const stored = (sha256 = ""): unknown => house.sql("SELECT state FROM photo WHERE sha256 = ?", sha256)[0]?.[0];
  await until("the other's lost act and its photo", () => stored(theirs.photos[0]?.sha256) === "stored");
  assert.deepEqual(house.sql("SELECT person FROM command WHERE id = ?", theirs.entry.id), [[second]]);
  assert.equal(await mine.me(), first);
  await mine.close();
});

test("the other's act that was lost while its photo still waited is sent again too", async () => {
  const mine = await begun(road.url, "inspector2");
  const first = await mine.me();
  await mine.people.signIn("inspector", WORD);
  await mine.calm();
  house.manage("backup", "--data", house.data, "--to", join(house.folder, "later"));
  road.mishap = ({ path }) => (path.startsWith("/api/uploads") ? { status: 503 } : undefined);
  const theirs = await mine.visit([pictures(["w"], 120).get("w")!], "110109005205");
  await until("the receipt", () => onServer(theirs.entry.id) === 1);
  await mine.people.choose(first);
  await house.stop();
  house.data = join(house.folder, "restored-later");
  house.manage("restore", "--from", join(house.folder, "later"), "--data", house.data);
  await house.start();
  road.mishap = () => undefined;
  mine.engine.now();
  await until("the other's lost act", () => onServer(theirs.entry.id) === 1);
  await until("its photo", () => house.sql("SELECT state FROM photo WHERE sha256 = ?", theirs.photos[0]?.sha256 ?? "")[0]?.[0] === "stored");
  await mine.close();
});
