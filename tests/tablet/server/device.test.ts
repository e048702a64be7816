/** What a device tells of itself, and photos that wait for Wi-Fi by choice. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { photoLink } from "../../../offline_sync/tablet/sync/photo-link";
import { House, pause, pictures, until } from "./house";
import { Road } from "./road";
import { begun, type Tablet, VILLAGE } from "./tablet";

const house = new House();
let road: Road;
let mine: Tablet;
let village = 110109005201;
const shots = pictures(["a", "b", "c", "d"], 400);
const shot = (name: string) => shots.get(name)!;

/** A browser that says what link it has, and when that changes. */
const connection = Object.assign(new EventTarget(), { type: "cellular" as string | undefined });
const kept = new Map<string, string>();
Object.defineProperty(globalThis, "navigator", { value: { ...globalThis.navigator, connection }, configurable: true });
Object.defineProperty(globalThis, "localStorage", {
  value: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) }, configurable: true,
});

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
beforeEach(async () => {
  await mine?.close();
  kept.clear();
  connection.type = "cellular";
  road.mishap = () => undefined;
  mine = await begun(road.url, "inspector");
});
after(async () => {
  await mine.close();
  await road.close();
  await house.end();
});

const report = async (): Promise<unknown[]> =>
  house.sql("SELECT commands, photos, photo_bytes > 0, oldest IS NULL, build, abs(skew_seconds) < 60, last_ok IS NULL FROM device_report WHERE device = ?", await mine.stores.device())[0] ?? [];
const originals = (): number => road.log.filter((one) => one.path.startsWith("/api/tus")).length;

test("how it stands is told before photos go and when they have gone, and the same is not told twice", async () => {
  road.mishap = ({ path }) => (path.startsWith("/api/tus") ? { status: 503 } : undefined);
  await mine.visit([shot("a"), shot("b")], String(village++));
  await until("the report of what waits", async () => (await report())[1] === 2);
  assert.deepEqual(await report(), [0, 2, 1, 0, "1", 1, 0]);
  road.mishap = () => undefined;
  mine.engine.now();
  await mine.drained();
  await mine.calm();
  assert.deepEqual((await report()).slice(0, 4), [0, 0, 0, 1]);
  const told = road.count("POST", "/api/sync/report");
  mine.engine.now();
  await pause(200);
  await mine.calm();
  assert.equal(road.count("POST", "/api/sync/report"), told);
});

test("a server that knows no reports takes everything else", async () => {
  road.mishap = ({ path }) => (path === "/api/sync/report" ? { status: 404 } : undefined);
  await mine.visit([shot("c")], String(village++));
  await mine.drained();
});

test("photos wait for Wi-Fi by choice: words and small pictures go at once, originals with the link or by hand", async () => {
  photoLink.choose("wifi");
  const before_ = originals();
  const { entry, photos } = await mine.visit([shot("a"), shot("d")], String(village++));
  await until("the words", () => house.sql("SELECT 1 FROM command WHERE id = ?", entry.id).length === 1);
  await until("the run's end", () => !mine.engine.state.running && mine.engine.state.photos.waits === "wifi");
  const previews = house.sql("SELECT has_preview, state FROM photo WHERE id = ?", photos[1]?.id ?? "");
  assert.deepEqual(previews, [[1, "expected"]]);
  assert.equal(originals(), before_);
  await mine.act("village.locate", { village: VILLAGE, position: { lat: 40, lng: 116, accuracy: 1 }, photo: null });
  await pause(300);
  await mine.calm();
  assert.equal(originals(), before_, "not even beside other work");
  connection.type = "wifi";
  connection.dispatchEvent(new Event("change"));
  await mine.drained();
  assert.equal(mine.engine.state.photos.waits, null);
});

test("where the browser does not say what link it has, a hand sends them", async () => {
  connection.type = undefined;
  photoLink.choose("wifi");
  await mine.visit([shot("b")], String(village++));
  const anew = pictures(["unsure"], 200).get("unsure")!;
  await mine.visit([anew], String(village++));
  await until("the mark", () => !mine.engine.state.running && mine.engine.state.photos.waits === "unsure");
  mine.engine.now();
  await pause(200);
  await mine.calm();
  assert.equal(mine.engine.state.photos.waiting > 0, true, "asking for news is not asking for photos");
  mine.engine.now(true);
  await mine.drained();
});

test("Wi-Fi that is lost on the way: the photo under way ends, the next ones wait", async () => {
  photoLink.choose("wifi");
  connection.type = "wifi";
  const many = pictures(["w1", "w2", "w3", "w4"], 300);
  road.mishap = ({ method, path }) => {
    if (method === "POST" && path === "/api/tus") connection.type = "cellular";
    return undefined;
  };
  await mine.visit([...many.values()], String(village++));
  await until("one of them", () => mine.engine.state.photos.waiting === 3 && !mine.engine.state.running);
  assert.equal(mine.engine.state.photos.waits, "wifi");
});

test("what was begun goes on first, then the oldest", async () => {
  const many = pictures(["o1", "o2", "o3"], 700);
  let cut = true;
  const tried = originals();
  road.mishap = ({ method, path }) => (path.startsWith("/api/tus") && method !== "HEAD" && cut ? { status: 503 } : undefined);
  const { photos } = await mine.visit([...many.values()], String(village++));
  await until("a try", () => originals() > tried);
  const { session } = await (await mine.store()).standing();
  const last = photos[2]!;
  const meta = `sha256 ${Buffer.from(last.sha256).toString("base64")},mime ${Buffer.from("image/jpeg").toString("base64")}`;
  const head = { Authorization: `Bearer ${session}`, "Tus-Resumable": "1.0.0", "Upload-Length": String(last.size), "Upload-Metadata": meta, "Content-Type": "application/offset+octet-stream" };
  const first = new Uint8Array(many.get("o3")!.original.subarray(0, 100_000));
  assert.equal((await fetch(`${house.url}/api/tus`, { method: "POST", headers: head, body: first })).status, 201);
  await until("a rest", () => !mine.engine.state.running); // the next run asks anew what is there
  const seen = road.log.length;
  cut = false;
  mine.engine.now();
  await mine.drained();
  const asked = road.log.slice(seen).find((one) => one.path.startsWith("/api/tus"));
  assert.equal(asked?.path, `/api/tus/${last.sha256}`);
});
