/** Bad roads: lost answers, an hour of 500, lines that die at any byte. Nothing is lost, nothing counts twice. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, pause, pictures, until } from "./house";
import { type Mishap, Road } from "./road";
import { begun, sha, type Tablet } from "./tablet";

const house = new House();
let road: Road;
const shots = pictures(["a", "b", "c", "d", "e", "cut 1", "cut 2", "cut 3"], 700);
const shot = (name: string) => shots.get(name)!;
let village = 110109005201;

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
after(async () => {
  await road.close();
  await house.end();
});

const nextVillage = (): string => String(village++);
const commandsOf = (id: string) => house.sql("SELECT status FROM command WHERE id = ?", id);

async function tablet(work: (tablet: Tablet) => Promise<void>): Promise<void> {
  const fresh = await begun(road.url, "inspector");
  road.log.length = 0;
  try {
    await work(fresh);
  } finally {
    road.mishap = () => undefined;
    await fresh.close();
  }
}

/** The first `times` requests of a kind fare so. */
function first(times: number, method: string, path: string, mishap: Mishap): () => number {
  let met = 0;
  road.mishap = (request) => {
    if (request.method !== method || !request.path.startsWith(path) || met >= times) return undefined;
    met += 1;
    return mishap;
  };
  return () => met;
}

test("answers that nobody hears double nothing", () => tablet(async (mine) => {
  const met = first(3, "POST", "/api/sync/push", { lose_answer: true });
  const { entry, inspection } = await mine.visit([], nextVillage());
  await until("three lost answers", () => met() === 3);
  await mine.drained();
  assert.equal(met(), 3);
  assert.equal(road.count("POST", "/api/sync/push"), 4);
  assert.deepEqual(commandsOf(entry.id), [["applied"]]);
  assert.deepEqual(house.sql("SELECT COUNT(*) FROM inspection WHERE id = ?", inspection), [[1]]);
  const kept = (await (await mine.store()).kept()).find((one) => one.id === entry.id);
  assert.equal(kept?.tries, 3);
  assert.equal(kept?.problem, null);
}));

test("half an answer is no answer: the same verdict comes again", () => tablet(async (mine) => {
  const met = first(2, "POST", "/api/sync/push", { cut_answer_at: 60 });
  const { entry } = await mine.visit([], nextVillage());
  await mine.drained();
  assert.equal(met(), 2);
  assert.deepEqual(commandsOf(entry.id), [["applied"]]);
}));

test("an hour of 500: backing off, saying so, losing nothing", () => tablet(async (mine) => {
  road.mishap = () => ({ status: 500 });
  const { entry } = await mine.visit([shot("a")], nextVillage());
  await until("several tries", () => road.count("POST", "/api/sync/push") >= 4);
  await until("all of it to be told", () => {
    const { online, problem, waiting, next_try } = mine.engine.state;
    return !online && /500/.test(problem ?? "") && waiting === 1 && next_try !== null;
  });
  assert.deepEqual(commandsOf(entry.id), []);
  road.mishap = () => undefined;
  await mine.drained();
  await mine.calm();
  assert.deepEqual(commandsOf(entry.id), [["applied"]]);
  assert.equal(mine.engine.state.online, true);
}));

test("a second act is handed in while photos of the first are on their way", () => tablet(async (mine) => {
  road.mishap = ({ path }) => (path.startsWith("/api/tus") ? { delay_ms: 150 } : undefined);
  const { photos } = await mine.visit([shot("a"), shot("b"), shot("c")], nextVillage());
  await until("the first photo", () => road.count("POST", "/api/tus") > 0);
  const { entry } = await mine.visit([shot("d")], nextVillage());
  await until("the second act", () => commandsOf(entry.id).length === 1);
  await mine.drained(undefined, 50_000); // with its own photo: the next turn by itself would be after a minute
  const named = photos.map(({ sha256 }) => Buffer.from(sha256).toString("base64"));
  const ofTheFirst = road.log.map(({ headers }) => named.some((name) => String(headers["upload-metadata"]).includes(name)));
  const handed = road.log.map(({ path }) => path).lastIndexOf("/api/sync/push");
  assert.ok(ofTheFirst.indexOf(true) < handed && handed < ofTheFirst.lastIndexOf(true), "between photos, not behind them");
}));

test("a visit finished while news come in goes with its photos at once", () => tablet(async (mine) => {
  road.mishap = ({ path }) => (path === "/api/sync/pull" ? { delay_ms: 400 } : undefined);
  mine.engine.now();
  await until("the question for news", () => mine.engine.state.stage === "pulling");
  await mine.visit([shot("a")], nextVillage());
  await mine.drained(undefined, 50_000); // the next turn by itself would be after a minute
}));

test("lines that die at any byte: pieces are taken up where they were cut, and the bytes are the same", () => tablet(async (mine) => {
  let seed = 7;
  const chance = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  let cuts = 0;
  let patched = 0;
  road.mishap = ({ method, path }) => {
    if (!path.startsWith("/api/tus") || method === "HEAD") return undefined;
    patched += 1;
    if (patched % 3 === 0) return undefined; // else a line that never carries a whole piece
    cuts += 1;
    return { cut_at: 1 + Math.floor(chance() * 200_000) };
  };
  const { photos } = await mine.visit(["cut 1", "cut 2", "cut 3"].map(shot), nextVillage());
  await mine.drained();
  assert.ok(cuts >= 6, `${cuts} cuts`);
  const sent = road.log.filter((one) => one.path.startsWith("/api/tus") && one.method !== "HEAD");
  const offsets = sent.filter((one) => one.method === "PATCH").map((one) => Number(one.headers["upload-offset"]));
  assert.ok(offsets.some((one) => one > 0 && one % (256 * 1024) !== 0), `taken up within a piece: ${offsets.join(" ")}`);
  const whole = photos.reduce((sum, one) => sum + one.size, 0);
  const through = sent.reduce((sum, one) => sum + one.body, 0);
  // What died with a line is at most what was on it; what was answered for was never sent twice.
  const died = sent.filter((one) => one.status === null).reduce((sum, one) => sum + one.body, 0);
  assert.ok(died > 0 && through < whole + died, `${through} bytes for ${whole}, of which ${died} on lines that died`);
  for (const photo of photos) {
    const { session } = await (await mine.store()).standing();
    const answer = await fetch(`${house.url}/api/blobs/${photo.sha256}`, { headers: { Authorization: `Bearer ${session}` } });
    assert.equal(sha(Buffer.from(await answer.arrayBuffer())), photo.sha256);
  }
}));

test("a gateway that keeps bodies until they are whole: a line that dies costs a piece, never the photo", () => tablet(async (mine) => {
  road.mishap = ({ path }) => (path.startsWith("/api/tus") ? { kept: true, cut_at: 300_000 } : undefined);
  const large = pictures(["kept by a gateway"], 2_000).get("kept by a gateway")!;
  const { photos } = await mine.visit([large], nextVillage());
  const { size, sha256 } = photos[0]!;
  assert.ok(size > 1_500_000);
  await mine.drained();
  const sent = road.log.filter((one) => one.path.startsWith("/api/tus") && one.method !== "HEAD");
  const cuts = sent.filter((one) => one.status === null).length;
  const offsets = sent.filter((one) => one.method === "PATCH").map((one) => Number(one.headers["upload-offset"]));
  assert.ok(cuts > 0 && offsets.every((one) => one % (256 * 1024) === 0), `only whole pieces passed: ${offsets.join(" ")}`);
  assert.ok(sent.reduce((sum, one) => sum + one.body, 0) < 3 * size, "no piece that came was sent again");
  const { session } = await (await mine.store()).standing();
  const answer = await fetch(`${house.url}/api/blobs/${sha256}`, { headers: { Authorization: `Bearer ${session}` } });
  assert.equal(sha(Buffer.from(await answer.arrayBuffer())), sha256);
}));

test("an answer lost after the last byte costs one question, no byte twice", () => tablet(async (mine) => {
  const small = pictures(["lost"], 120).get("lost")!;
  first(1, "POST", "/api/tus", { lose_answer: true });
  await mine.visit([small], nextVillage());
  await mine.drained();
  assert.deepEqual(road.log.filter((one) => one.path.startsWith("/api/tus")).map((one) => one.method), ["POST", "HEAD"]);
}));

test("nothing new on a good road changes nothing on the server", () => tablet(async (mine) => {
  const before_ = house.changes();
  mine.engine.now();
  await pause(50);
  await mine.calm();
  assert.equal(house.changes(), before_);
}));
