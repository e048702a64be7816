import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { takenAt } from "../../offline_sync/tablet/camera/develop";
import { sha256 } from "../../offline_sync/tablet/camera/hash";
import { formatOf, sizeOf } from "../../offline_sync/tablet/camera/header";
import { firstOf } from "../../offline_sync/tablet/camera/shrink";
import { stampLines } from "../../offline_sync/tablet/camera/stamp";
import { fitted, type Opened } from "../../offline_sync/tablet/camera/ways";
import { whereNow } from "../../offline_sync/tablet/camera/where";
import type { Trouble } from "../../offline_sync/tablet/tablet";

const bytes = (...parts: (number | string)[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from([part])))));

/** A JPEG's head: an EXIF part that says how it lies, some private part, then its frame of 300 × 200. */
function jpeg(orientation: number, order: "II" | "MM"): Uint8Array {
  const word = (n: number): string => (order === "II" ? String.fromCharCode(n & 255, n >> 8) : String.fromCharCode(n >> 8, n & 255));
  const long = (n: number): string => (order === "II" ? word(n) + word(0) : word(0) + word(n));
  const tiff = order + word(42) + long(8) + word(2) + word(0x010f) + word(2) + long(4) + "abc\0" + word(0x0112) + word(3) + long(1) + word(orientation) + word(0);
  const exif = `Exif\0\0${tiff}`;
  return bytes(0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2, exif, 0xff, 0xe2, 0, 6, "skip", 0xff, 0xff, 0xc2, 0, 11, 8, 0, 200, 1, 44, "\x03xxx");
}

test("a JPEG's head tells its size and how it lies, in either byte order", () => {
  for (const order of ["II", "MM"] as const) {
    for (const orientation of [1, 3, 6, 8]) {
      assert.deepEqual(sizeOf(jpeg(orientation, order)), { width: 300, height: 200, jpeg: true, orientation });
    }
  }
});

test("a head that ends early or means nothing says nothing, and never breaks", () => {
  const whole = jpeg(6, "II");
  for (let end = 0; end < whole.length - 8; end += 1) assert.equal(sizeOf(whole.subarray(0, end)), null);
  assert.equal(sizeOf(bytes("not a picture at all")), null);
  assert.equal(sizeOf(bytes(0xff, 0xd8, 0xff, 0xda, 0, 2)), null);
});

test("HEIC is known by its first bytes, whatever the file is called", () => {
  assert.equal(formatOf(bytes("\0\0\0\x18ftypheic\0\0\0\0mif1")), "heic");
  assert.equal(formatOf(bytes("\0\0\0\x18ftypmif1")), "heic");
  assert.equal(formatOf(bytes("\0\0\0\x18ftypavif")), "other");
  assert.equal(formatOf(bytes(0x89, "PNG\r\n\x1a\n")), "png");
});

test("sizes keep their proportion and are never made larger", () => {
  assert.deepEqual(fitted(8000, 6000), { width: 1600, height: 1200 });
  assert.deepEqual(fitted(3000, 4000), { width: 1200, height: 1600 });
  assert.deepEqual(fitted(640, 480), { width: 640, height: 480 });
  assert.deepEqual(fitted(20000, 3), { width: 1600, height: 1 });
});

test("the strip says when, where and by whom, and 无定位 where there is no fix", () => {
  const facts = { taken_at: "2026-11-20T16:05:11+08:00", place: "安家庄村", who: "张三" };
  assert.deepEqual(stampLines({ ...facts, position: { lat: 39.9701234, lng: 116.01, accuracy: 8.4 } }),
    ["2026-11-20 16:05  安家庄村", "北纬 39.97012° 东经 116.01000°（±8 米）  检查人：张三"]);
  assert.deepEqual(stampLines({ ...facts, position: null, who: "" }), ["2026-11-20 16:05  安家庄村", "无定位"]);
});

test("a picture is as old as its file says, within reason", () => {
  const now = Date.UTC(2026, 10, 20);
  const file = (lastModified: number) => Object.assign(new Blob(), { lastModified });
  assert.equal(takenAt(file(now - 5_000), now), now - 5_000);
  for (const odd of [0, now + 60_000, Date.UTC(1999, 0)]) assert.equal(takenAt(file(odd), now), now);
  assert.equal(takenAt(new Blob(), now), now);
});

test("bytes are hashed as the server does; an insecure page says so", async () => {
  assert.equal(await sha256(new TextEncoder().encode("abc").buffer as ArrayBuffer), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const real = Object.getOwnPropertyDescriptor(globalThis, "crypto")!;
  Object.defineProperty(globalThis, "crypto", { value: {}, configurable: true });
  try {
    await assert.rejects(sha256(new ArrayBuffer(1)), (error: Trouble) => error.code === "insecure_page");
  } finally {
    Object.defineProperty(globalThis, "crypto", real);
  }
});

test("no fix, a refusal, silence and a missing sensor are all nowhere", async () => {
  const finder = (act: (found: PositionCallback, failed: PositionErrorCallback) => void) =>
    ({ getCurrentPosition: act }) as unknown as Geolocation;
  const coords = { latitude: 39.97012345678, longitude: 116.01, accuracy: 8.26 };
  assert.deepEqual(await whereNow(100, finder((found) => found({ coords } as GeolocationPosition))), { lat: 39.970123, lng: 116.01, accuracy: 8.3 });
  assert.equal(await whereNow(100, finder((_, failed) => failed({ code: 1 } as GeolocationPositionError))), null);
  assert.equal(await whereNow(20, finder(() => undefined)), null);
  assert.equal(await whereNow(20, finder(() => {
    throw new Error("policy");
  })), null);
  assert.equal(await whereNow(20), null);
});

test("a way that never answers gives up its turn, and what it finds too late is let go of", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const closed: string[] = [];
  const picture = (name: string) => ({ width: 4, height: 3, close: () => closed.push(name) }) as unknown as Opened;
  let late: (found: Opened) => void = () => undefined;
  let told = false;
  const silent = (signal: AbortSignal) => {
    signal.addEventListener("abort", () => (told = true));
    return new Promise<Opened>((done) => (late = done));
  };
  const settle = () => new Promise<void>((done) => setImmediate(done));
  try {
    const good = picture("good");
    const found = firstOf([silent, async () => good], 1_000);
    await settle();
    mock.timers.tick(999);
    assert.equal(told, false);
    mock.timers.tick(1);
    assert.equal(await found, good);
    assert.equal(told, true);
    late(picture("late"));
    await settle();
    assert.deepEqual(closed, ["late"]);
    const none = assert.rejects(firstOf([silent, async () => null], 1_000), (error: Trouble) => error.code === "photo_slow");
    await settle();
    mock.timers.tick(1_000);
    await none;
  } finally {
    mock.timers.reset();
  }
  assert.equal(await firstOf([async () => null, async () => Promise.reject(new Error("not mine"))], 1_000), null);
});
