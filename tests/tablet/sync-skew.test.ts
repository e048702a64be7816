import assert from "node:assert/strict";
import { test } from "node:test";
import { skewAtStart } from "../../offline_sync/tablet/sync/skew";

const NOW = Date.parse("2026-11-22T09:00:00+08:00");
const YEARS = 3_652 * 86_400_000;
const DAY = 86_400_000;

test("a clock that is years off is still known to be after a restart without network", () => {
  assert.equal(skewAtStart(NOW + DAY + YEARS, { ms: -YEARS, seen: NOW }), -YEARS, "ahead");
  assert.equal(skewAtStart(NOW + DAY - YEARS, { ms: YEARS, seen: NOW }), YEARS, "behind");
  assert.equal(skewAtStart(NOW, null), null);
});

test("a clock that was set right meanwhile is believed", () => {
  assert.equal(skewAtStart(NOW + DAY, { ms: -YEARS, seen: NOW }), 0, "was ahead");
  assert.equal(skewAtStart(NOW + DAY, { ms: YEARS, seen: NOW }), 0, "was behind");
});

test("what clocks drift by themselves stays as measured", () => {
  assert.equal(skewAtStart(NOW + DAY, { ms: -90_000, seen: NOW }), -90_000);
});
