import assert from "node:assert/strict";
import { test } from "node:test";
import type { DraftAnswer } from "../../offline_sync/tablet/model";
import { type Item } from "../../offline_sync/tablet/rules/checklist";
import { addFinding, changeFinding, isHeavy, newFinding, removeFinding, shorterTerm, unbegun, untold } from "../../offline_sync/tablet/rules/findings";
import { drawHomes, drawNote, mix, drawn, seedOf } from "../../offline_sync/tablet/rules/homes";
import { RE, blank, found, id } from "./sheets";

const item = (code: string): Item => RE.by_code.get(code) ?? assert.fail(code);
const LITTER = item("RE-1.1");
const after = (answer: DraftAnswer, change: object): DraftAnswer => ({ ...answer, ...change });
const given = (n: number, text = "路面散落垃圾") => ({ id: id(n), village: "110109105210", text });

test("one tap on a phrase makes the finding and counts its place", () => {
  const finding = newFinding(LITTER, undefined, given(20));
  assert.deepEqual(finding, found(20, { text: "路面散落垃圾", place: "", rule: "each", count: 1, severity: "minor", days: 1 }));
  assert.deepEqual(addFinding(LITTER, undefined, finding), { findings: [finding], counts: { each: 1 } });
});

test("places pressed first go into the next finding, whole, rule by rule", () => {
  let answer = blank("RE-1.1", { counts: { each: 3, heavy: 1 } });
  answer = after(answer, addFinding(LITTER, answer, newFinding(LITTER, answer, given(20))));
  assert.deepEqual([answer.findings[0]?.rule, answer.findings[0]?.count, answer.counts], ["each", 3, { each: 3, heavy: 1 }]);
  answer = after(answer, addFinding(LITTER, answer, newFinding(LITTER, answer, given(21))));
  assert.deepEqual([answer.findings[1]?.rule, answer.findings[1]?.count, answer.counts], ["heavy", 1, { each: 3, heavy: 1 }]);
  assert.deepEqual(untold(LITTER, answer), []);
});

test("counts follow a finding that is changed or taken away, where they were told in full", () => {
  let answer = blank("RE-1.1", { counts: { each: 2 }, findings: [found(20, { count: 2 })] });
  answer = after(answer, changeFinding(LITTER, answer, id(20), { count: 3 }));
  assert.deepEqual(answer.counts, { each: 3 });
  answer = after(answer, changeFinding(LITTER, answer, id(20), { rule: "heavy", count: 1 }));
  assert.deepEqual(answer.counts, { each: 0, heavy: 1 });
  answer = after(answer, removeFinding(LITTER, answer, id(20)));
  assert.deepEqual([answer.counts, answer.findings], [null, []], "open again, not clean");
});

test("a count that was pressed higher stays until findings outgrow it", () => {
  const answer = blank("RE-1.1", { counts: { each: 4 }, findings: [found(20, { count: 1 })] });
  assert.deepEqual(changeFinding(LITTER, answer, id(20), { count: 3 }).counts, { each: 4 });
  assert.deepEqual(changeFinding(LITTER, answer, id(20), { count: 6 }).counts, { each: 6 });
  assert.deepEqual(removeFinding(LITTER, answer, id(20)).counts, { each: 4 });
});

test("a heavy place is a step graver and shorter, unless the person said otherwise", () => {
  const bins = item("RE-2.1");
  assert.equal(isHeavy(LITTER, "heavy"), true);
  assert.equal(isHeavy(LITTER, "each"), false);
  assert.equal(isHeavy(bins, "each"), false, "one rule only");
  assert.deepEqual([30, 15, 7, 3, 1, 10].map(shorterTerm), [15, 7, 3, 1, 1, 7]);
  const stack = item("RE-1.2"); // 3 days, minor
  const plain = newFinding(stack, undefined, given(20));
  const answer = blank("RE-1.2", { counts: { each: 1 }, findings: [plain] });
  const heavy = changeFinding(stack, answer, id(20), { rule: "heavy" }).findings?.[0];
  assert.deepEqual([heavy?.severity, heavy?.days], ["major", 1]);
  const own = after(answer, changeFinding(stack, answer, id(20), { days: 10 }));
  assert.deepEqual(changeFinding(stack, own, id(20), { rule: "heavy" }).findings?.[0]?.days, 10);
});

test("on other items a finding is words and photos and moves no figure", () => {
  const square = item("RE-1.3");
  const finding = newFinding(square, undefined, given(20));
  assert.deepEqual([finding.rule, finding.count], [null, 1]);
  assert.deepEqual(addFinding(square, undefined, finding), { findings: [finding] });
});

test("homes are drawn alike from the same seed, each once, within 1…N", () => {
  const seed = seedOf(id(1), "B-4", 120, 1);
  const drawn = drawHomes(seed, 120, 5);
  assert.deepEqual(drawn, drawHomes(seed, 120, 5));
  assert.equal(new Set(drawn).size, 5);
  assert.ok(drawn.every((home, at) => home >= 1 && home <= 120 && home > (drawn[at - 1] ?? 0)));
  assert.notDeepEqual(drawn, drawHomes(seedOf(id(1), "B-4", 120, 2), 120, 5));
  assert.deepEqual(drawHomes(seed, 3, 5), [1, 2, 3]);
  assert.equal(mix("abc"), mix("abc"));
  assert.deepEqual(drawHomes("known/B-4/40/1", 40, 5), [3, 9, 24, 31, 38], "a replay years later draws the same");
});

test("every home has about the same chance", () => {
  const times = new Map<number, number>();
  for (let turn = 0; turn < 2000; turn++) {
    for (const home of drawHomes(`s${turn}`, 20, 5)) times.set(home, (times.get(home) ?? 0) + 1);
  }
  for (let home = 1; home <= 20; home++) assert.ok(Math.abs((times.get(home) ?? 0) - 500) < 90, `${home}: ${times.get(home)}`);
});

test("the draw's note says enough to repeat it", () => {
  assert.deepEqual(drawn(drawNote(120, 1, "")), { homes: 120, turn: 1, reason: "" });
  assert.deepEqual(drawn(drawNote(120, 2, "抽中的户无人在家")), { homes: 120, turn: 2, reason: "抽中的户无人在家" });
  assert.equal(drawn("无人"), null);
});

test("a finding begun and left without a word leaves nothing; what was counted before it stays, what was said of it too", () => {
  const begin = (before: DraftAnswer | undefined) => {
    const made = newFinding(LITTER, before, { id: id(77), village: "v" });
    return { ...(before ?? blank("RE-1.1")), ...addFinding(LITTER, before, made) };
  };
  const first = begin(undefined);
  assert.deepEqual(unbegun(undefined, first, first, id(77)), { findings: [], counts: null });
  const stepped = blank("RE-1.1", { counts: { each: 3 } });
  const second = begin(stepped);
  assert.deepEqual(unbegun(stepped, second, second, id(77)), { findings: [], counts: { each: 3 } });
  const told = { ...second, findings: second.findings.map((one) => ({ ...one, place: "村口" })) };
  assert.deepEqual(unbegun(stepped, second, told, id(77)), {});
  const counted = { ...second, counts: { each: 5 } };
  assert.deepEqual(unbegun(stepped, second, counted, id(77)), { findings: [] });
  assert.deepEqual(unbegun(stepped, second, { ...second, findings: [] }, id(77)), {}, "it is gone already");
});
