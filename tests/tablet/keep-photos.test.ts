import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import { type Develop, KeptPictures } from "../../offline_sync/tablet/keep/photos";
import { keepPreview, lackingPreviews } from "../../offline_sync/tablet/keep/previews";
import { askToPersist, roomForPhotos, storageState } from "../../offline_sync/tablet/keep/space";
import type { Trouble } from "../../offline_sync/tablet/tablet";
import { B, WANTED, breakPut, domError, freshHouse, type House, rest, signIn } from "./keep-house";

let mend: () => void = () => undefined;
afterEach(() => mend());

/** A camera whose pictures are the file's own bytes. */
const develop: Develop = async (file) => {
  const bytes = await file.arrayBuffer();
  const sha256 = createHash("sha256").update(Buffer.from(bytes)).digest("hex");
  return { bytes, preview: bytes.slice(0, 1), sha256, mime: "image/jpeg", width: 4, height: 3, taken_at: "2026-11-20T08:00:00+08:00", position: null };
};
const wanted = { about: { kind: "inspection", id: "i", item: "RE-1.1", finding: null }, role: "before", pairs: null, position: null, place: "", who: "" } as const;
const pictures = (house: House, room = async () => undefined as void) => new KeptPictures(house.shelf, develop, room);
const kept = ({ core }: House) => core.read(["photos", "bytes", "previews"], async (t) =>
  [await t.count("photos"), await t.count("bytes"), await t.count("previews")]);

test("a photo is on the disk with bytes and preview before the screen hears of it", async () => {
  const house = await freshHouse();
  const taken = await pictures(house).take(new Blob(["abc"]), wanted);
  assert.deepEqual([taken.size, taken.role, taken.about.id, taken.stored_at, "named" in taken], [3, "before", "i", null, false]);
  assert.deepEqual(await kept(house), [1, 1, 1]);
  const there = await house.core.read(["bytes"], (t) => t.get("bytes", taken.sha256));
  assert.equal(Buffer.from(there!.bytes).toString(), "abc");
  assert.ok(Object.prototype.toString.call(there!.bytes) === "[object ArrayBuffer]"); // never a Blob
});

test("a photo that does not fit leaves nothing behind, and the next one can be taken", async () => {
  const house = await freshHouse();
  const album = pictures(house);
  mend = breakPut("photos", domError("QuotaExceededError"));
  await assert.rejects(album.take(new Blob(["abc"]), wanted), (error: Trouble) => error.code === "storage_full");
  assert.deepEqual(await kept(house), [0, 0, 0]);
  await album.take(new Blob(["abc"]), wanted);
  assert.deepEqual(await kept(house), [1, 1, 1]);
});

test("a photo that could not be made smaller is kept as it came, without a preview; the original is shown", async () => {
  const house = await freshHouse();
  const whole: Develop = async (file, w) => ({ ...(await develop(file, w)), preview: null, whole: true });
  const album = new KeptPictures(house.shelf, whole, async () => undefined);
  const taken = await album.take(new Blob(["abc"]), wanted);
  assert.equal(taken.whole, true);
  assert.deepEqual(await kept(house), [1, 1, 0]);
  assert.ok(await album.url(taken.sha256, true));
});

test("without room no photo is begun", async () => {
  const house = await freshHouse();
  const full = () => roomForPhotos({ estimate: async () => ({ quota: 100e6, usage: 60e6 }) });
  await assert.rejects(pictures(house, full).take(new Blob(["abc"]), wanted), (error: Trouble) => error.code === "storage_full");
  assert.deepEqual(await kept(house), [0, 0, 0]);
});

test("a signature is taken even without room for photos: no visit ends without one", async () => {
  const house = await freshHouse();
  const full = () => roomForPhotos({ estimate: async () => ({ quota: 100e6, usage: 60e6 }) });
  await pictures(house, full).take(new Blob(["abc"]), { ...wanted, role: "signature" });
  assert.deepEqual(await kept(house), [1, 1, 1]);
});

test("a photo belongs to whoever took it, even when another signs in meanwhile", async () => {
  const house = await freshHouse();
  let free: () => void = () => undefined;
  const gate = new Promise<void>((done) => (free = done));
  const taking = pictures(house, () => gate).take(new Blob(["abc"]), wanted);
  await signIn(house.shelf, B);
  free();
  await taking;
  assert.deepEqual(await kept(house), [1, 1, 1]); // house.core is A's
});

test("photos are developed one after the other", async () => {
  const house = await freshHouse();
  let at_once = 0;
  let most = 0;
  const slow: Develop = async (file, w) => {
    most = Math.max(most, ++at_once);
    await new Promise((done) => setTimeout(done, 5));
    at_once -= 1;
    return develop(file, w);
  };
  const album = new KeptPictures(house.shelf, slow, async () => undefined);
  const taking = Promise.all(["a", "b", "c"].map((text) => album.take(new Blob([text]), wanted)));
  assert.equal(album.making, 3); // what the screen says of them meanwhile
  await taking;
  await album.settled();
  assert.deepEqual([most, album.making], [1, 0]);
  assert.equal((await album.of("inspection", "i")).length, 3);
});

test("a sent photo cannot be removed, a draft's can", async () => {
  const house = await freshHouse();
  const album = pictures(house);
  const [one, two] = [await album.take(new Blob(["a"]), wanted), await album.take(new Blob(["b"]), wanted)];
  await house.outbox.add({ verb: "task.note", args: {}, about: { kind: "task", id: "t", village: null, title: "" }, photos: [one.id] });
  await assert.rejects(album.remove(one.id), (error: Trouble) => error.code === "photo_sent");
  await album.remove(two.id);
  await album.remove("never there");
  assert.deepEqual((await album.of("inspection", "i")).map(({ id }) => id), [one.id]);
});

test("addresses of pictures are made once and given up under a bound; another person's at once", async () => {
  const house = await freshHouse();
  const album = pictures(house);
  const alive = new Set<string>();
  const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (blob) => {
    const url = make(blob as Blob);
    alive.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => (alive.delete(url), revoke(url));
  try {
    const photos = [];
    for (let n = 0; n < 60; n += 1) photos.push(await album.take(new Blob([`photo ${n}`]), wanted));
    const [first] = photos;
    assert.equal(await album.url(first!.sha256, false), await album.url(first!.sha256, false));
    for (const { sha256 } of photos) assert.ok(await album.url(sha256, false));
    for (const { sha256 } of photos) assert.ok(await album.url(sha256, true));
    assert.equal(alive.size, 6 + 60);
    assert.ok(await album.url(first!.sha256, false)); // made again
    assert.equal(await album.url("none", true), null);
    await signIn(house.shelf, B);
    assert.equal(await album.url(first!.sha256, true), null);
    await new Promise((done) => setImmediate(done));
    assert.equal(alive.size, 0);
  } finally {
    [URL.createObjectURL, URL.revokeObjectURL] = [make, revoke];
  }
});

test("others' previews are shown from the cache", async () => {
  const house = await freshHouse();
  await keepPreview(house.cache, "aa", new ArrayBuffer(2));
  assert.deepEqual(await lackingPreviews(house.cache, ["aa", "bb"]), ["bb"]);
  assert.ok(await pictures(house).url("aa", true));
  assert.equal(await pictures(house).url("aa", false), null);
});

test("room is measured: warned of below 300 MB, no photos below 60, and where nothing is said nothing is refused", async () => {
  const with_ = (free: number) => ({ estimate: async () => ({ quota: 1e9, usage: 1e9 - free * 1024 * 1024 }), persisted: async () => false });
  const told = async (free: number) => {
    const { photos_allowed, warning } = await storageState(with_(free));
    return [photos_allowed, warning?.match(/\d+/)?.[0] ?? null];
  };
  assert.deepEqual([await told(301), await told(299), await told(60), await told(59)],
    [[true, null], [true, "299"], [true, "60"], [false, "59"]]);
  assert.deepEqual(await storageState({}), { persisted: null, used: null, quota: null, free: null, photos_allowed: true, warning: null });
  const broken = { estimate: () => Promise.reject(new Error("no")), persisted: () => Promise.reject(new Error("no")) };
  assert.equal((await storageState(broken)).photos_allowed, true);
  assert.equal(await askToPersist({ persisted: async () => false, persist: async () => true }), true);
  assert.equal(await askToPersist({ persist: () => Promise.reject(new Error("no")) }), null);
});

test("a browser that never says how much room there is holds up nothing, and is asked again once it has answered", async () => {
  let asked = 0;
  let answer: () => void = () => undefined;
  const never = { estimate: () => new Promise<StorageEstimate>((done) => { asked += 1; answer = () => done({ quota: 100e6, usage: 60e6 }); }), persisted: async () => true };
  const unknown = { persisted: null, used: null, quota: null, free: null, photos_allowed: true, warning: null };
  assert.deepEqual(await storageState(never, 5), unknown);
  assert.deepEqual(await storageState(never, 1e9), unknown, "not waited for a second time");
  const house = await freshHouse();
  await pictures(house, () => roomForPhotos(never, 1e9)).take(new Blob(["abc"]), wanted);
  assert.equal(asked, 1);
  answer();
  await rest();
  const again = storageState(never, 1e9);
  answer();
  assert.equal((await again).free, 40e6);
  const mute = { persisted: () => new Promise<boolean>(() => undefined), persist: () => new Promise<boolean>(() => undefined) };
  assert.equal((await storageState(mute, 5)).photos_allowed, true);
});

test("settled only when every picture under way is kept or lost", async () => {
  const house = await freshHouse();
  let go: () => void = () => undefined;
  const held = new Promise<void>((open) => { go = open; });
  const slow = new KeptPictures(house.shelf, async (file, wish) => { await held; return develop(file, wish); }, async () => undefined);
  const taking = slow.take(new Blob(["abc"]), wanted);
  const lost = assert.rejects(slow.take({ arrayBuffer: () => Promise.reject(new Error("unreadable")) } as unknown as Blob, wanted));
  const settled = slow.settled().then(() => kept(house));
  go();
  assert.deepEqual(await settled, [1, 1, 1]);
  await Promise.all([taking, lost]);
});

test("photos added to a visit are told of until they are handed in; those of a draft, and signatures, are not", async () => {
  const house = await freshHouse();
  const album = pictures(house);
  const scene = (visit: string) => ({ ...wanted, role: "scene", about: { kind: "inspection", id: visit, item: null, finding: null, link: `/evidence/${visit}` } }) as const;
  const draft = await house.drafts.begin(WANTED);
  await album.take(new Blob(["a"]), scene(draft.inspection));
  await album.take(new Blob(["b"]), { ...scene("v"), role: "signature" });
  assert.deepEqual(await album.loose(), []);
  const task = await album.take(new Blob(["e"]), { ...wanted, role: "after", about: { kind: "task", id: "t" } });
  assert.deepEqual((await album.loose()).map(({ id }) => id), [task.id]);
  await album.remove(task.id);
  const first = await album.take(new Blob(["c"]), scene("v"));
  const second = await album.take(new Blob(["d"]), scene("v"));
  assert.deepEqual((await album.loose()).map(({ about }) => about), [first.about, second.about]);
  await house.outbox.add({ verb: "inspection.evidence", args: {}, photos: [first.id], about: { kind: "inspection", id: "v", village: null, title: "" } });
  assert.deepEqual((await album.loose()).map(({ id }) => id), [second.id]);
});
