import assert from "node:assert/strict";
import { test } from "node:test";
import { takes } from "../../offline_sync/tablet/rules/when";
import { sendingWords } from "../../offline_sync/tablet/parts/marks";
import { QUIET } from "../../offline_sync/tablet/sync/board";
import { byChoice } from "../../offline_sync/tablet/sync/photo-link";
import { Pieces } from "../../offline_sync/tablet/sync/upload";

test("which links originals take", () => {
  for (const type of [undefined, "cellular", "unknown", "none"]) assert.equal(byChoice("any", type), null);
  assert.deepEqual(["wifi", "ethernet", "cellular", "none", "bluetooth", "unknown", undefined].map((type) => byChoice("wifi", type)),
    [null, null, "wifi", "wifi", "wifi", "unsure", byChoice("wifi")]);
  assert.equal(byChoice("wifi"), "unsure", "a browser that has no word for it");
});

test("pieces grow on a good link, shrink at a cut, and the rate follows", () => {
  const pieces = new Pieces();
  assert.equal(pieces.rate, null);
  pieces.went(256 * 1024, 500);
  assert.ok(pieces.size === 1024 * 1024 && Math.abs((pieces.rate ?? 0) - 524) < 1);
  pieces.went(1024 * 1024, 40_000);
  assert.equal(pieces.size, 256 * 1024, "a piece takes eight seconds at most");
  assert.ok((pieces.rate ?? 0) < 400);
  pieces.went(256 * 1024, 100);
  pieces.cut();
  assert.equal(pieces.size, 256 * 1024);
});

test("how long photos will take, in minutes", () => {
  assert.deepEqual([takes(4e6, null), takes(0, 10), takes(4e6, 100), takes(4e6, 20), takes(4e8, 20)], ["", "", "不到 1 分钟", "约 4 分钟", "约 6 小时"]);
});

test("the mark says what photos wait for, and for how many days there was no line", () => {
  const now = Date.parse("2026-11-20T10:00:00+08:00");
  const photos = { ...QUIET.photos, waiting: 3, bytes: 9 };
  assert.equal(sendingWords({ ...QUIET, online: true, photos: { ...photos, waits: "wifi" } }, now).small, "等 Wi-Fi");
  assert.equal(sendingWords({ ...QUIET, online: true, photos }, now).small, "");
  assert.equal(sendingWords({ ...QUIET, photos: { ...photos, waits: "wifi" }, last_ok: "2026-11-19T09:00:00+08:00" }, now).small, "离线");
  assert.equal(sendingWords({ ...QUIET, last_ok: "2026-11-15T09:00:00+08:00" }, now).small, "离线 5 天");
});
