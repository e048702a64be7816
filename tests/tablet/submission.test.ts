import assert from "node:assert/strict";
import { test } from "node:test";
import type { Draft } from "../../offline_sync/tablet/model";
import { submissionOf } from "../../offline_sync/tablet/rules/submission";
import { unfit } from "./schema";
import { AUTHOR, RE, SECOND, blank, draft, filled, found, id, photo } from "./sheets";

const DONE = "2026-11-20T10:00:00+08:00";
const signed: Draft = { ...draft, signature: { name: " 张三 ", photo: id(39), refused: null }, village_remarks: " 同意 " };
const PHOTOS = [
  photo(32, "RE-1.1", id(21), { role: "after", pairs: id(31) }), photo(30, "RE-1.1", id(20)), photo(31, "RE-1.1", id(21)),
  photo(39, null, null, { role: "signature" }), photo(38, null, null, { role: "scene" }),
  photo(50, null, null, { about: { kind: "task", id: id(60) } }),
];
const ANSWERS = filled(
  blank("RE-1.1", {
    counts: { each: 3, heavy: 1 },
    findings: [found(20, { rule: "heavy", photos: [id(30)] }), found(21, { count: 3, action: "fixed", photos: [], after: [] })],
  }),
  blank("RE-2.3", { value: "84.0" }), blank("RE-4.2", { na: true, note: " 已纳管 ", value: "3" }),
  blank("RE-2.4", { counts: {}, veto: { text: " 倾倒 ", second: SECOND } }),
);

test("a finished sheet fits the wire's shape", () => {
  const { args } = submissionOf(RE, signed, ANSWERS, PHOTOS, DONE);
  assert.deepEqual(unfit("Submission", args), []);
  assert.deepEqual(unfit("Submission", { ...args, village: 1 }), ["Submission.village: 1 is no string"], "the check can fail");
});

test("answers stand in the order of the sheet, each with its method's own field", () => {
  const { args } = submissionOf(RE, signed, ANSWERS, PHOTOS, DONE);
  assert.deepEqual(args.answers.map((one) => one.item), RE.items.filter((item) => !item.auto).map((item) => item.code));
  const one = (item: string) => args.answers.find((answer) => answer.item === item);
  assert.deepEqual(one("RE-2.3"), { item: "RE-2.3", na: false, note: "", veto: null, findings: [], value: "84" });
  assert.deepEqual(one("RE-4.2"), { item: "RE-4.2", na: true, note: "已纳管", veto: null, findings: [] });
  assert.deepEqual(one("RE-2.4")?.veto, { text: "倾倒", second: SECOND });
  assert.deepEqual(one("RE-1.1")?.counts, { each: 3, heavy: 1 });
});

test("a photo belongs to its finding whether the finding names it or it names the finding", () => {
  const { args, photos } = submissionOf(RE, signed, ANSWERS, PHOTOS, DONE);
  const findings = args.answers.find((one) => one.item === "RE-1.1")?.findings ?? [];
  assert.deepEqual(findings.map(({ photos, after }) => [photos, after]), [[[id(30)], []], [[id(31)], [id(32)]]]);
  assert.deepEqual(photos, [id(30), id(31), id(32), id(38), id(39)], "this visit's, in the order taken");
  assert.deepEqual(args.photos?.map((one) => one.id), photos);
  assert.equal(args.photos?.find((one) => one.id === id(32))?.pairs, id(31));
  assert.deepEqual(args.signature, { name: "张三", photo: id(39), refused: null });
  assert.deepEqual([args.village_remarks, args.inspectors, args.finished_at], ["同意", [AUTHOR, SECOND], DONE]);
});

test("only what is dispatched names a unit and a term", () => {
  const { args } = submissionOf(RE, signed, ANSWERS, PHOTOS, DONE);
  const findings = args.answers.find((one) => one.item === "RE-1.1")?.findings ?? [];
  assert.deepEqual(findings.map(({ unit, days }) => [unit, days]), [["110109105210", 1], [null, null]]);
});

test("a photo that is gone is not named; a refusal has no picture", () => {
  const gone = filled(blank("RE-1.1", { counts: { each: 1 }, findings: [found(20, { photos: [id(77)] })] }));
  const refused = { ...draft, signature: { name: "", photo: id(39), refused: "不在场" } };
  const { args } = submissionOf(RE, refused, gone, [], DONE);
  assert.deepEqual(args.answers.find((one) => one.item === "RE-1.1")?.findings?.[0]?.photos, []);
  assert.deepEqual(args.signature, { name: "", photo: null, refused: "不在场" });
});

test("what says nothing stays behind, a finding on an open item goes", () => {
  const few = new Map([
    ["RE-1.1", blank("RE-1.1")], ["RE-1.2", blank("RE-1.2", { findings: [found(20)] })], ["RE-2.3", blank("RE-2.3", { value: "8." })],
    ["RE-9.3", blank("RE-9.3", { value: "100" })],
  ]);
  const { args } = submissionOf(RE, draft, few, [], DONE);
  assert.deepEqual(args.answers.map((one) => [one.item, one.counts, one.value]), [["RE-1.2", null, undefined], ["RE-2.3", undefined, null]]);
  assert.deepEqual(unfit("Submission", args), []);
});

test("a rule the item does not know is not named", () => {
  const odd = filled(blank("RE-1.3", { level: "B", findings: [found(20, { rule: "each" })] }));
  const { args } = submissionOf(RE, draft, odd, [], DONE);
  assert.equal(args.answers.find((one) => one.item === "RE-1.3")?.findings?.[0]?.rule, null);
});

test("a signature that was done over or refused does not go as a photo of the visit", () => {
  const twice = [...PHOTOS, photo(40, null, null, { role: "signature" })];
  assert.ok(!submissionOf(RE, signed, ANSWERS, twice, DONE).photos.includes(id(40)));
  const refused = { ...draft, signature: { name: "", photo: id(39), refused: "不在场" } };
  assert.ok(!submissionOf(RE, refused, ANSWERS, twice, DONE).photos.some((one) => one === id(39) || one === id(40)));
});
