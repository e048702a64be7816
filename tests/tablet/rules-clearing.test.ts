import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftAnswer } from "../../offline_sync/tablet/model";
import { clearable, cleared, leftOut, naReason, takenUp } from "../../offline_sync/tablet/rules/clearing";
import { drawNote, drawn } from "../../offline_sync/tablet/rules/homes";
import { ALL, RE, blank } from "./sheets";

const homes = [...ALL.items, ...RE.items].find((item) => item.scoring.kind === "sample")!;
const twice: DraftAnswer = blank(homes.code, { drawn: [3, 9], failed: [9], note: drawNote(40, 2, "抽中的户无人在家") });
const after = (answer: DraftAnswer, change: Partial<DraftAnswer> | null): DraftAnswer => ({ ...answer, ...change });

test("clearing an item of drawn homes takes the homes, never the count of draws", () => {
  const left = after(twice, cleared(twice));
  assert.deepEqual([left.drawn, left.failed, left.findings], [null, null, []]);
  assert.deepEqual(drawn(left.note), { homes: 40, turn: 2, reason: "抽中的户无人在家" });
  assert.deepEqual([clearable(twice), clearable(left)], [true, false]);
  assert.deepEqual(after(left, cleared(left)), left, "however often");
});

test("an item without a draw is cleared altogether", () => {
  const answer = blank("RE-1.1", { counts: { each: 2 }, note: "路边" });
  assert.equal(cleared(answer), null);
  assert.deepEqual([clearable(answer), clearable(undefined)], [true, false]);
});

test("the count of draws outlives 不适用 and 改为适用, and a second reason does not pile up", () => {
  const out = after(twice, leftOut(homes, twice, " 村内没有此类设施 "));
  assert.deepEqual([out.na, out.drawn, out.note], [true, null, "村内没有此类设施（此前共40户，第2次抽取：抽中的户无人在家）"]);
  assert.equal(naReason(out.note), "村内没有此类设施");
  const other = after(out, leftOut(homes, out, "已由上级统一负责"));
  assert.equal(other.note, "已由上级统一负责（此前共40户，第2次抽取：抽中的户无人在家）");
  const back = after(other, takenUp(other));
  assert.deepEqual([back.na, back.note], [false, twice.note]);
  assert.deepEqual(takenUp(blank("RE-1.1", { na: true, note: "没有" })), { na: false, note: "" });
});
