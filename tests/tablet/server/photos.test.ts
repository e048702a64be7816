/** What the server says of photos, and what the tablet makes of it; pages of rows that are cut in the middle; windows. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import type { Photo } from "../../../offline_sync/tablet/model";
import { Backoff } from "../../../offline_sync/tablet/sync/backoff";
import { House, pause, pictures, until } from "./house";
import { Road } from "./road";
import { begun, Tablet, VILLAGE } from "./tablet";

const house = new House();
let road: Road;
const shots = pictures(["a", "b", "c", "d", "e"], 400);
const shot = (name: string) => shots.get(name)!;
let village = 110109005201;
const nextVillage = (): string => String(village++);
let open: Tablet[] = [];

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
const shut = async (): Promise<void> => {
  for (const one of open.splice(0)) await one.close();
};
beforeEach(async () => {
  await shut();
  road.mishap = () => undefined;
});
after(async () => {
  await shut();
  await road.close();
  await house.end();
});

async function inspector(): Promise<Tablet> {
  const mine = await begun(road.url, "inspector");
  open.push(mine);
  road.log.length = 0;
  return mine;
}

type Told = Photo & { problem?: string | null };
const told = async (tablet: Tablet): Promise<Told[]> => (await tablet.store()).photos();

test("bytes damaged on the way cost their own piece, once", async () => {
  const mine = await inspector();
  let flipped = 0;
  road.mishap = ({ method, path }) => (path.startsWith("/api/tus") && method === "PATCH" && !flipped++ ? { flip_at: 1_000 } : undefined);
  await mine.visit([shot("a")], nextVillage());
  await mine.drained();
  const sent = road.log.filter((one) => one.path.startsWith("/api/tus"));
  assert.deepEqual(sent.map((one) => [one.method, one.status]), [["POST", 201], ["PATCH", 460], ["HEAD", 200], ["PATCH", 204]]);
  assert.deepEqual(sent.filter((one) => one.method === "PATCH").map((one) => one.headers["upload-offset"]), ["262144", "262144"]);
});

test("a line that damages every piece: said, set aside, and the other photos go", async () => {
  const mine = await inspector();
  const [bad, good] = [shot("b"), pictures(["small"], 60).get("small")!];
  road.mishap = ({ path }) => (path.startsWith("/api/tus") ? { flip_at: 200_000 } : undefined); // the small one is shorter
  const { photos } = await mine.visit([bad, good], nextVillage());
  await until("the small one", async () => (await told(mine)).some((one) => one.id === photos[1]?.id && one.stored_at));
  await until("the sentence", async () => /校验/.test((await told(mine)).find((one) => one.id === photos[0]?.id)?.problem ?? ""));
  await mine.calm();
  assert.equal(road.log.filter((one) => one.status === 460).length, 2);
  road.mishap = () => undefined;
  mine.engine.now(); // by hand: once more
  await mine.drained();
  assert.equal((await told(mine)).find((one) => one.id === photos[0]?.id)?.problem, null);
});

test("a file that is no photo is refused for good, with its sentence, and blocks nothing", async () => {
  const mine = await inspector();
  const text = { original: Buffer.from("this is no photo ".repeat(900)), preview: shot("c").preview };
  const { photos } = await mine.visit([text, shot("c")], nextVillage());
  await until("the other photo", async () => (await told(mine)).some((one) => one.id === photos[1]?.id && one.stored_at));
  await mine.calm();
  const refused = (await told(mine)).find((one) => one.id === photos[0]?.id);
  assert.match(refused?.problem ?? "", /不是照片/);
  assert.equal(refused?.stored_at, null);
  assert.ok(await (await mine.store()).bytes(refused?.sha256 ?? ""), "the bytes stay here");
  const asked = road.count("POST", "/api/tus");
  await mine.act("village.locate", { village: VILLAGE, position: { lat: 40, lng: 116, accuracy: 1 }, photo: null });
  await pause(300);
  await mine.calm();
  assert.equal(road.count("POST", "/api/tus"), asked, "not tried at every turn");
});

test("a line that is cut but carries something each time is asked again at once; a dead one later and later", async () => {
  const mine = await inspector();
  const waits: number[] = [];
  const plain = new Backoff(() => 0);
  mine.backoff.failed = (asked) => {
    waits.push(plain.failed(asked));
    return 5;
  };
  mine.backoff.succeeded = () => plain.succeeded();
  let nth = 0;
  road.mishap = ({ path }) => (path.endsWith("/preview") && ++nth % 3 === 0 ? { cut_at: 10 } : undefined);
  await mine.visit([...pictures(["1", "2", "3", "4", "5"], 60).values()], nextVillage());
  await mine.drained();
  assert.deepEqual(waits, [1_000, 1_000]);
  waits.length = 0;
  road.mishap = ({ path }) => (path.endsWith("/preview") ? { cut_at: 10 } : undefined);
  await mine.visit([pictures(["late"], 60).get("late")!], nextVillage());
  await until("four tries", async () => waits.length >= 4);
  road.mishap = () => undefined;
  await mine.drained();
  assert.deepEqual(waits.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
});

test("two photos of the same bytes travel once", async () => {
  const mine = await inspector();
  await mine.visit([shot("d"), shot("d")], nextVillage());
  await mine.drained();
  assert.equal(road.count("POST", "/api/tus"), 1);
  assert.ok((await told(mine)).every((one) => one.stored_at));
});

test("two windows on the same stores send nothing twice", async () => {
  const mine = await inspector();
  road.mishap = () => ({ status: 503 });
  const entries = [];
  for (let nth = 0; nth < 5; nth += 1) entries.push(await mine.visit([], nextVillage()));
  const { photos } = await mine.visit([shot("e")], nextVillage());
  road.mishap = ({ path }) => (path.startsWith("/api/sync") ? { delay_ms: 60 } : undefined);
  const other = await new Tablet(road.url).open();
  open.push(other);
  mine.engine.now();
  await mine.drained();
  await mine.calm();
  await other.calm();
  for (const { inspection, entry } of entries) {
    assert.deepEqual(house.sql("SELECT COUNT(*) FROM inspection WHERE id = ?", inspection), [[1]]);
    assert.deepEqual(house.sql("SELECT status FROM command WHERE id = ?", entry.id), [["applied"]]);
  }
  assert.deepEqual(house.sql("SELECT state FROM photo WHERE sha256 = ?", photos[0]?.sha256 ?? ""), [["stored"]]);
});

test("a first fetch that dies in the middle goes on where it was", async () => {
  const mine = await inspector();
  const all = (await mine.shelf.of(await mine.me()).cache.read(["rows"], (t) => t.all("rows"))).length;
  await (await mine.store()).dropCache();
  const asked: string[] = [];
  let [nth, cut] = [0, 0];
  road.mishap = ({ path }) => {
    if (path !== "/api/sync/pull") return undefined;
    const rewrite = (body: string): string => {
      asked.push(JSON.stringify((JSON.parse(body) as { scopes: unknown }).scopes));
      return body.replace('"limit":500', '"limit":20');
    };
    if (nth++ % 2 === 0) return { rewrite };
    cut += 1;
    return { rewrite, cut_answer_at: 300 };
  };
  mine.engine.now();
  await until("all rows", async () => (await mine.shelf.of(await mine.me()).cache.read(["rows"], (t) => t.all("rows"))).length >= all);
  await mine.calm();
  assert.ok(asked.length >= 6, `${asked.length} questions`);
  // A page that was cut is asked for once more from the same place; one that came, never.
  const anew = asked.filter((one, place) => asked.indexOf(one) !== place).length;
  assert.equal(anew, cut, asked.join("\n"));
  const scopes = await mine.shelf.of(await mine.me()).cache.read(["scopes"], (t) => t.all("scopes"));
  assert.ok(scopes.length >= 3 && scopes.every((one) => one.whole));
});
