import assert from "node:assert/strict";
import { test } from "node:test";
import * as ours from "../../offline_sync/tablet/rules/office-words";
import shared from "../shared/words.json";

test("the tablet says what the desk says", () => {
  const desk = shared as Record<string, Record<string, unknown>>;
  for (const name of ["ROLE", "STAGE", "GRADE", "SEVERITY", "STATUS", "REASON", "ROUND_TYPE", "ROUND_STAGE", "CHECKLIST", "INSPECTION_STAGE"] as const) {
    for (const [key, word] of Object.entries(ours[name])) assert.equal(word, desk[name]![key], `${name} ${key}`);
  }
  for (const [verb, phrases] of Object.entries(ours.PHRASES)) assert.deepEqual(phrases, desk.PHRASES![verb], verb);
});

test("an act is called as at the desk, with and without its task.", () => {
  for (const name of [...Object.keys(ours.VERB), ...Object.keys(ours.TASK_VERB).map((one) => `task.${one}`)]) {
    assert.equal(ours.verb(name), (shared.VERB as Record<string, string>)[name], name);
  }
  assert.equal(ours.verb("pass"), "复核通过");
  assert.equal(ours.verb("task.new_verb"), "task.new_verb");
});
