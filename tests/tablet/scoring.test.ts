import assert from "node:assert/strict";
import { test } from "node:test";
import { checkAnswers } from "../../offline_sync/tablet/rules/checks";
import { add, compare, decimal, divide, format, plain, round, sub } from "../../offline_sync/tablet/rules/decimal";
import { readChecklist } from "../../offline_sync/tablet/rules/checklist";
import shared from "../shared/scoring.json";
import { type Case, sheetOf, told } from "./scored";

const CASES = shared.cases as unknown as Case[];

for (const one of CASES) {
  test(`shared case: ${one.name}`, () => {
    const seen = told(one);
    for (const [key, value] of Object.entries(one.expect)) {
      if (key === "items") {
        for (const [code, fields] of Object.entries(value as Record<string, object>)) {
          const item = seen.items[code] as unknown as Record<string, unknown> | undefined;
          for (const [field, wanted] of Object.entries(fields)) assert.deepEqual(item?.[field], wanted, `${code} ${field}`);
        }
      } else if (key === "sections") {
        for (const [code, pair] of Object.entries(value as object)) assert.deepEqual(seen.sections[code], pair, code);
      } else {
        assert.deepEqual((seen as unknown as Record<string, unknown>)[key], value, key);
      }
    }
  });
}

test("every shared case ran", () => assert.ok(CASES.length >= 115));

test("a sheet that is full has nothing wrong with it", () => {
  for (const [name, answers] of Object.entries(shared.full)) {
    const checklist = readChecklist(shared.checklists[name as keyof typeof shared.checklists]);
    const sheet = sheetOf({ name, checklist: name, answers: answers as unknown as Case["answers"], expect: {} });
    assert.deepEqual(checkAnswers(checklist, sheet), [], name);
  }
});

test("defaults stand where a body is silent", () => {
  const checklist = readChecklist({ ...shared.checklists.RE, checklist: { code: "X", version: "1", title: "x", total: "100" } });
  assert.deepEqual([plain(checklist.na_limit), checklist.item_places, checklist.total_places], ["20", 2, 1]);
});

test("decimals are exact and round half away from zero", () => {
  const d = (text: string) => decimal(text) ?? assert.fail(text);
  assert.equal(format(round(d("2.345"), 2)), "2.35");
  assert.equal(format(round(d("-2.345"), 2)), "-2.35");
  assert.equal(format(round(d("2.3449999"), 2)), "2.34");
  assert.equal(format(divide(d("86.25"), d("100"), 3)), "0.863");
  assert.equal(format(divide(d("9195"), d("97"), 1)), "94.8");
  assert.equal(format(add(d("0.1"), d("0.2"))), "0.3");
  assert.equal(format(sub(d("0.5"), d("1"))), "-0.5");
  assert.equal(plain(d("100.00")), "100");
  assert.equal(plain(d("0.50")), "0.5");
  assert.equal(compare(d("80"), d("80.00")), 0);
  for (const text of ["", "8.", ".5", "1e3", "NaN", "+1", "1 "]) assert.equal(decimal(text), null, text);
});
