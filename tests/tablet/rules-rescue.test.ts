/** The rescue's file: a zip that others read, and a lock that others open by the words of docs/rescue.md. */
import assert from "node:assert/strict";
import { createDecipheriv, createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { type Lock, ITERATIONS, locked, sealOf } from "../../offline_sync/tablet/rules/sealed";
import { type Bytes, crc32, zipped } from "../../offline_sync/tablet/rules/zip";

const text = (words: string): Bytes => Uint8Array.from(Buffer.from(words));
async function* each<T>(things: T[]): AsyncGenerator<T> { yield* things; }
const joined = async (pieces: AsyncIterable<Bytes>): Promise<Buffer> => {
  const all: Bytes[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
};
const hash = (data: string | Buffer): Buffer => createHash("sha256").update(data).digest();

test("the checksum is the one everybody knows", () => {
  assert.equal(crc32(text("123456789")), 0xcbf43926);
  assert.equal(crc32(text("")), 0);
});

test("entries lie in the zip as they are, and the directory tells where", async () => {
  const entries = [{ name: "a.json", bytes: text('{"a":1}') }, { name: "照片/b", bytes: text("bytes") }];
  const zip = await joined(zipped(each(entries), new Date(2026, 10, 29, 8, 30, 20)));
  const end = zip.length - 22;
  assert.equal(zip.readUInt32LE(end), 0x06054b50);
  assert.equal(zip.readUInt16LE(end + 10), 2);
  let at = zip.readUInt32LE(end + 16);
  for (const { name, bytes } of entries) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    assert.equal(zip.readUInt16LE(at + 10), 0, "stored, not packed");
    const [size, length, start] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28), zip.readUInt32LE(at + 42)];
    assert.equal(zip.subarray(at + 46, at + 46 + length).toString(), name);
    const body = start + 30 + length;
    assert.deepEqual(zip.subarray(body, body + size), Buffer.from(bytes));
    assert.equal(zip.readUInt32LE(at + 16), crc32(bytes));
    at += 46 + length;
  }
});

/** Opens as a stranger would who has read the format and nothing else. */
function opened(file: Buffer, key: (lock: Record<string, string | number>) => Buffer | null): Buffer {
  assert.equal(file.subarray(0, 8).toString(), "XUNCUNR1");
  const start = 12 + file.readUInt32BE(8);
  const header = JSON.parse(file.subarray(12, start).toString()) as { chunk: number; locks: Record<string, string | number>[] };
  const lock = header.locks.find((one) => key(one))!;
  const plain = (wrap: Buffer, nonce: Buffer, aad: Buffer, data: Buffer): Buffer => {
    const open = createDecipheriv("aes-256-gcm", wrap, nonce).setAAD(aad).setAuthTag(data.subarray(-16));
    return Buffer.concat([open.update(data.subarray(0, -16)), open.final()]);
  };
  const b64 = (name: string): Buffer => Buffer.from(String(lock[name]), "base64");
  const content = plain(key(lock)!, b64("nonce"), Buffer.from("XUNCUNR1"), b64("key"));
  const bound = hash(file.subarray(0, start));
  const out: Buffer[] = [];
  for (let at = start, number = 0; at < file.length; at += header.chunk + 16, number += 1) {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(number, 7);
    nonce[11] = Number(at + header.chunk + 16 >= file.length);
    out.push(plain(content, nonce, bound, file.subarray(at, at + header.chunk + 16)));
  }
  return Buffer.concat(out);
}

const WORDS: Lock = { kind: "passphrase", words: " 山路漫漫八个字 " };
const byWords = (lock: Record<string, string | number>): Buffer | null =>
  lock.kind === "passphrase" ? pbkdf2Sync("山路漫漫八个字", Buffer.from(String(lock.salt), "base64"), Number(lock.iterations), 32, "sha256") : null;
const derived = (token: string, purpose: string): Buffer =>
  createHmac("sha256", hash(token).toString("hex")).update(`xuncun rescue ${purpose}`).digest();

test("a passphrase is stretched 600,000 times", () => assert.equal(ITERATIONS, 600_000));

for (const size of [0, 1, 9, 10, 11, 20, 25]) {
  test(`${size} bytes in chunks of 10 come out of the lock as they went in`, async () => {
    const plain = text("x".repeat(size).replace(/x/g, (_, at: number) => String(at % 10)));
    const pieces = [plain.subarray(0, 3), plain.subarray(3)];
    const file = await joined(locked(each(pieces), [WORDS], 1_000, 10));
    assert.equal(opened(file, byWords).toString(), Buffer.from(plain).toString());
    assert.ok(size < 3 || !file.includes(Buffer.from(plain)));
  });
}

test("two locks, one content; a deposit's lock opens by the token's hash and names no token", async () => {
  const file = await joined(locked(each([text("内容")]), [WORDS, { kind: "deposit", token: "a-token" }], 1_000));
  assert.equal(opened(file, byWords).toString(), "内容");
  const name = derived("a-token", "name").toString("hex").slice(0, 16);
  assert.equal(opened(file, (lock) => (lock.name === name ? derived("a-token", "lock") : null)).toString(), "内容");
  assert.ok(!file.includes("a-token") && !file.includes(hash("a-token").toString("hex")));
});

test("the seal is the manifest's, by the token", async () => {
  const told = await sealOf("a-token", text("manifest"));
  assert.equal(told.seal, createHmac("sha256", derived("a-token", "seal")).update("manifest").digest("hex"));
  assert.equal(told.name, derived("a-token", "name").toString("hex").slice(0, 16));
});
