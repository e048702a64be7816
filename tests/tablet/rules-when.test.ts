import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, date, daysTo, deadline, skewWords, told, waited, windowWords } from "../../offline_sync/tablet/rules/when";

const NOW = Date.parse("2026-11-20T09:41:00+08:00");

test("times are Beijing's wherever the tablet thinks it is", () => {
  assert.equal(clock("2026-11-20T01:05:00Z"), "9:05");
  assert.equal(told("2026-11-19T16:10:00Z", NOW), "今天 0:10");
  assert.equal(told("2026-11-19T15:10:00Z", NOW), "昨天 23:10");
  assert.equal(told("2026-11-01T00:00:00+08:00", NOW), "11月1日 0:00");
  assert.equal(date("2025-12-31", NOW), "2025年12月31日");
});

test("how long it has waited", () => {
  const ago = (ms: number) => waited(NOW - ms, NOW);
  assert.deepEqual([0, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000, 9 * 86_400_000].map(ago),
    ["刚刚", "刚刚", "1 分钟", "59 分钟", "1 小时", "1 天", "9 天"]);
  assert.equal(ago(-5_000), "刚刚", "a clock set back");
});

test("a round's window: its last day still counts", () => {
  const at = (now: string) => windowWords("2026-11-16", "2026-11-27", Date.parse(now));
  assert.equal(at("2026-11-15T23:59:00+08:00"), "11月16日开始");
  assert.equal(at("2026-11-20T09:00:00+08:00"), "还剩 7 天");
  assert.equal(at("2026-11-27T23:59:00+08:00"), "今天截止");
  assert.equal(at("2026-11-29T00:00:00+08:00"), "已过截止 2 天");
});

test("a task's deadline has the server's bounds", () => {
  const said = (at: string, stage = "accepted") => deadline(at, stage, NOW);
  assert.deepEqual(said("2026-11-20T09:40:59+08:00"), { words: "今天已逾期", late: true, soon: false });
  assert.deepEqual(said("2026-11-20T09:41:00+08:00"), { words: "今天 9:41 到期", late: false, soon: true });
  assert.deepEqual(said("2026-11-21T09:41:00+08:00"), { words: "还剩 1 天", late: false, soon: true });
  assert.deepEqual(said("2026-11-21T23:59:59+08:00"), { words: "还剩 1 天", late: false, soon: false });
  assert.deepEqual(said("2026-11-17T23:59:59+08:00"), { words: "逾期 3 天", late: true, soon: false });
  assert.equal(said("2026-11-17T23:59:59+08:00", "closed").late, false);
  assert.equal(said("2026-11-17T23:59:59+08:00", "deferred").words, "");
  assert.equal(daysTo("2026-11-20", NOW), 0);
});

test("a clock is told to be wrong from ten minutes on, in words of its size", () => {
  assert.deepEqual([null, 0, 600_000, -600_000].map(skewWords), ["", "", "", ""]);
  assert.match(skewWords(720_000), /^平板的时钟比服务器慢 12 分钟。/);
  assert.match(skewWords(-3_652 * 86_400_000), /^平板的时钟比服务器快 3652 天。/);
});
