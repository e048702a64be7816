import assert from "node:assert/strict";
import { test } from "node:test";
import type { Photo } from "../../offline_sync/tablet/model";
import { allNeeds, photosMissing, sheetNeeds } from "../../offline_sync/tablet/rules/needs";
import { score } from "../../offline_sync/tablet/rules/scoring";
import { RE, SECOND, blank, draft, filled, found, id, photo, scored } from "./sheets";

const needs = (answers = filled(), photos: Photo[] = [], of = draft) => allNeeds(RE, answers, scored(answers), of, photos);
const about = (item: string | null, ...given: Parameters<typeof needs>) =>
  needs(...given).filter((one) => one.item === item).map((one) => [one.kind, one.weight, one.count]);

test("a fresh sheet lacks every item but the system's, and the signature", () => {
  const all = needs(new Map());
  const open = all.filter((one) => one.kind === "unfilled");
  assert.deepEqual(open.map((one) => one.item), RE.items.filter((item) => !item.auto).map((item) => item.code));
  assert.ok(open.every((one) => one.weight === "block"));
  assert.equal(open[0]?.words, "RE-1.1 还没有填写");
  assert.deepEqual(all.slice(open.length).map((one) => one.kind), ["signature"]);
});

test("a full sheet with a signature lacks nothing", () => {
  const signature = { name: "某", photo: id(7), refused: null };
  assert.deepEqual(needs(filled(), [], { ...draft, signature }), []);
  assert.deepEqual(about(null, filled(), [], { ...draft, signature: { name: "", photo: null, refused: " " } }), [["signature", "block", 1]]);
  assert.deepEqual(needs(filled(), [], { ...draft, signature: { name: "", photo: null, refused: "村负责人不在场" } }), []);
});

test("photos are asked for only where points are lost, and as many as the item wants", () => {
  const lost = (...findings: ReturnType<typeof found>[]) => filled(blank("RE-1.1", { counts: { each: findings.length }, findings }));
  assert.deepEqual(about("RE-1.1", lost()), []);
  assert.deepEqual(about("RE-1.1", lost(found(20))), [["photo", "warn", 2]]);
  assert.deepEqual(about("RE-1.1", lost(found(20)), [photo(30, "RE-1.1", id(20))]), [["photo", "warn", 1]]);
  const two = [photo(30, "RE-1.1", id(20)), photo(31, "RE-1.1", id(20))];
  assert.deepEqual(about("RE-1.1", lost(found(20)), two), []);
  assert.deepEqual(about("RE-1.1", lost(found(20), found(21)), two), [["photo", "warn", 1]], "each finding wants one of its own");
  assert.equal(photosMissing(needs(lost(found(20), found(21)), two)), 1);
});

test("the jump goes to the finding that has no photo", () => {
  const sheet = filled(blank("RE-1.1", { counts: { each: 2 }, findings: [found(20), found(21)] }));
  const lacking = needs(sheet, [photo(30, "RE-1.1", id(20)), photo(31, "RE-1.1", id(20))]).find((one) => one.kind === "photo");
  assert.equal(lacking?.finding, id(21));
});

test("a photo that the finding does not name yet counts by what it says itself, and by what the finding names", () => {
  const named = filled(blank("RE-1.1", { counts: { each: 1 }, findings: [found(20, { photos: [id(30), id(31)] })] }));
  const loose = [photo(30, "RE-1.1", null), photo(31, "RE-1.1", null)];
  assert.deepEqual(about("RE-1.1", named, loose), []);
});

test("no position is told, and is an answer", () => {
  const sheet = filled(blank("RE-1.1", { counts: { each: 1 }, findings: [found(20)] }));
  const blind = [30, 31].map((n) => photo(n, "RE-1.1", id(20), { position: null }));
  assert.deepEqual(about("RE-1.1", sheet, blind), [["position", "note", 1]]);
});

test("counts that findings do not add up to are a mark on either side", () => {
  const photos = [photo(30, "RE-1.1", id(20)), photo(31, "RE-1.1", id(20))];
  const sheet = (each: number) => filled(blank("RE-1.1", { counts: { each }, findings: [found(20, { count: 2 })] }));
  assert.deepEqual(about("RE-1.1", sheet(2), photos), []);
  assert.deepEqual(about("RE-1.1", sheet(3), photos), [["counts", "warn", 1]]);
  assert.deepEqual(about("RE-1.1", sheet(1), photos), [["counts", "warn", 1]]);
});

test("points lost without a word want one; 不适用 wants its reason", () => {
  assert.deepEqual(about("RE-4.5", filled(blank("RE-4.5", { yes: false }))).map(([kind]) => kind), ["finding", "photo"]);
  assert.deepEqual(about("RE-4.2", filled(blank("RE-4.2", { na: true }))), [["na_reason", "block", 1]]);
  assert.deepEqual(about("RE-4.2", filled(blank("RE-4.2", { na: true, note: "村内没有" }))), []);
  assert.deepEqual(about("RE-1.1", filled(blank("RE-1.1", { na: true, note: "x" }))), [["invalid", "block", 1]]);
});

test("fixed on the spot wants its after-photo, a finding its words", () => {
  const photos = [photo(30, "RE-1.1", id(20)), photo(31, "RE-1.1", id(20))];
  const sheet = filled(blank("RE-1.1", { counts: { each: 1 }, findings: [found(20, { action: "fixed", text: " " })] }));
  assert.deepEqual(about("RE-1.1", sheet, photos), [["words", "warn", 1], ["after_photo", "warn", 1]]);
  const after = photo(32, "RE-1.1", id(20), { role: "after" });
  assert.deepEqual(about("RE-1.1", sheet, [...photos, after]), [["words", "warn", 1]]);
});

test("a veto wants its words and the second inspector, who is not the author", () => {
  const sheet = (second: string | null, text = "有") => filled(blank("RE-2.4", { counts: {}, veto: { text, second } }));
  assert.deepEqual(about("RE-2.4", sheet(SECOND)), []);
  assert.deepEqual(about("RE-2.4", sheet(null, "")), [["veto_words", "warn", 1], ["second", "warn", 1]]);
  assert.deepEqual(about("RE-2.4", sheet(draft.inspectors[0] ?? "")), [["second", "warn", 1]]);
});

test("more 不适用 than the checklist allows is told", () => {
  const strict = { ...RE, na_limit: { n: 2n, places: 0 } };
  const sheet = filled(blank("RE-4.2", { na: true, note: "无" }));
  const told = (checklist: typeof RE) => sheetNeeds(checklist, score(checklist, sheet.values(), { provisional: true }), draft).map((one) => one.kind);
  assert.deepEqual(told(strict), ["na_over", "signature"]);
  assert.deepEqual(told(RE), ["signature"]);
});

test("a refusal that was begun wants its reason, whatever was signed before", () => {
  const begun = { name: "某", photo: id(7), refused: "" };
  assert.deepEqual(about(null, filled(), [], { ...draft, signature: begun }), [["signature", "block", 1]]);
});
