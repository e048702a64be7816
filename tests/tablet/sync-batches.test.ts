import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../../offline_sync/tablet/model";
import { batch, commandOf, sort, weight } from "../../offline_sync/tablet/sync/batches";
import { isOlder } from "../../offline_sync/tablet/sync/crew";
import { Pieces } from "../../offline_sync/tablet/sync/upload";

function entry(seq: number, text = ""): Entry {
  return {
    id: `id-${seq}`, seq, verb: "task.note", v: 1, at: "2026-11-20T08:00:00+08:00", mono: 1, boot: "b", args: { text },
    replaces: null, about: { kind: "task", id: "t", village: null, title: "" }, photos: [], verdict: null, tries: 3, problem: "x",
  };
}
const ids = (entries: Entry[]): number[] => entries.map((one) => one.seq);

test("a command travels as it was made, whatever became of it here", () => {
  const plain = commandOf(entry(7, "村"));
  assert.deepEqual(Object.keys(plain), ["id", "seq", "verb", "v", "at", "mono", "boot", "args"]);
  assert.deepEqual(commandOf({ ...entry(7, "村"), tries: 9, problem: null }), plain);
  assert.equal(commandOf({ ...entry(7), replaces: "old" }).replaces, "old");
  assert.equal(weight(entry(7, "村")), weight(entry(7)) + 3);
});

test("at most fifty, at most a megabyte, at least one", () => {
  const many = Array.from({ length: 60 }, (_, place) => entry(place + 1));
  assert.equal(batch(many, {}, 50).length, 50);
  assert.equal(batch(many, { push_commands: 7 }, 50).length, 7);
  assert.equal(batch(many, {}, 3).length, 3);
  const heavy = Array.from({ length: 12 }, (_, place) => entry(place + 1, "x".repeat(200_000)));
  const first = batch(heavy, {}, 50);
  assert.equal(first.length, 5);
  const body = JSON.stringify({ replica: "r".repeat(36), epoch: "e".repeat(36), now: "n".repeat(30), commands: first.map(commandOf) });
  assert.ok(body.length <= 1024 * 1024);
  assert.equal(batch([entry(1, "x".repeat(2_000_000))], {}, 50).length, 1);
});

test("what cannot travel stands behind all that can", () => {
  const large = entry(2, "x".repeat(300_000));
  const sorted = sort([entry(1), large, entry(3)], {}, new Set());
  assert.deepEqual([ids(sorted.fit), ids(sorted.large), sorted.ordered], [[1, 3], [2], false]);
  assert.equal(sort([entry(1), entry(3), large], {}, new Set()).ordered, true);
  assert.equal(sort([large], {}, new Set()).ordered, true);
  assert.deepEqual(ids(sort([entry(1), entry(2)], {}, new Set(["id-1"])).large), [1]);
  assert.deepEqual(ids(sort([large], { command_bytes: 400_000 }, new Set()).fit), [2]);
});

test("pieces grow on a good line and are small again after a cut", () => {
  const pieces = new Pieces();
  const kb = (): number => pieces.size / 1024;
  assert.equal(kb(), 256);
  pieces.went(256 * 1024, 20_000);
  assert.equal(kb(), 256);
  pieces.went(256 * 1024, 4_000);
  assert.equal(kb(), 512);
  for (let round = 0; round < 9; round += 1) pieces.went(pieces.size, 50);
  assert.equal(kb(), 4096);
  pieces.cut();
  assert.equal(kb(), 256);
});

test("builds are compared by their versions; a hash is never older", () => {
  for (const [build, wanted] of [["1.9", "1.10"], ["0.1.0-ffffffff", "0.2.0"], ["1.2-0123abcd", "1.2.1"]] as const) assert.ok(isOlder(build, wanted), build);
  for (const [build, wanted] of [["1.10", "1.9"], ["abc", "9"], ["0123abcd", "9"], ["1", ""], ["2", "2"], ["0.1.0-0123abcd", "0.1.0"], ["0.1.0-0123abcd", "0"]] as const) {
    assert.ok(!isOlder(build, wanted), build);
  }
});
