import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, Verdict } from "../../offline_sync/tablet/model";
import { type Carried, argsOf, lacking, undoable, unitsFor, urgedToday } from "../../offline_sync/tablet/rules/acts";
import type { PhotoIn, TaskRow } from "../../offline_sync/tablet/wire";
import { unfit } from "./schema";

const NOW = Date.parse("2026-11-20T10:00:00+08:00");
const VILLAGE = "110109105210";
const ID = "0193a000-0000-7000-8000-000000000001";
const SHOT = "0193a000-0000-7000-8000-000000000002";
const photo: PhotoIn = { id: SHOT, sha256: "ab".repeat(32), size: 9, mime: "image/jpeg", width: 4, height: 3, taken_at: "2026-11-20T09:00:00+08:00", position: null, pairs: null };
const carried = (some: Partial<Carried> = {}): Carried => ({ text: "", until: "2026-11-27", unit: VILLAGE, place: " 桥下 ", shots: [], photos: [], ...some });
const pictured = { photos: [{ id: SHOT, sha256: "", role: "before" as const, pairs: null }] };
const bare = { photos: [] };

test("what each act lacks is said, and nothing once it is there", () => {
  const say = (...[move, some, task = bare]: [Parameters<typeof lacking>[0], Partial<Carried>?, Pick<TaskRow, "photos">?]) =>
    lacking(move, carried(some), task, "要求", NOW);
  assert.equal(say("urge"), "");
  assert.equal(say("take_back"), "");
  assert.equal(say("sweep"), "还要写明要求。");
  assert.equal(say("sweep", { text: "排查" }), "");
  for (const until of ["", "2026-11-19", "abc"]) assert.match(say("sweep", { text: "排查", until }), /日期/, until);
  assert.equal(say("sweep", { text: "排查", until: "2026-11-20" }), "", "the day itself still lies ahead");
  assert.equal(say("sweep_answer", { text: " " }), "还要写明要求。");
  assert.equal(say("split", { text: "护栏断裂" }), "", "no photo to choose from");
  assert.match(say("split", { text: "护栏断裂" }, pictured), /哪几张照片/);
  assert.equal(say("split", { text: "护栏断裂", shots: [SHOT] }, pictured), "");
  assert.equal(say("split", { text: "护栏断裂", photos: [photo] }, pictured), "", "a new one does too");
  assert.match(say("split", { text: "护栏断裂", unit: "" }), /责任单位/);
  assert.match(say("submit", { text: "好了" }), /现场照片/);
  assert.match(say("note"), /写一句话/);
});

test("an act travels in the wire's shape, with its own fields and no others", () => {
  const args = (move: Parameters<typeof argsOf>[0], some: Partial<Carried> = {}) => argsOf(move, { id: ID, rev: 7 }, carried(some));
  for (const move of ["urge", "split", "sweep", "sweep_answer", "take_back", "submit"] as const) {
    assert.deepEqual(unfit("TaskArgs", args(move, { photos: [photo], shots: [SHOT] })), [], move);
  }
  assert.deepEqual(args("urge", { text: " 抓紧 " }), { task: ID, base_rev: 7, text: "抓紧", photos: [] });
  assert.equal(args("sweep").until, "2026-11-27T23:59:59+08:00");
  const { unit, place, shots } = args("split", { shots: [SHOT] });
  assert.deepEqual({ unit, place, shots }, { unit: VILLAGE, place: "桥下", shots: [SHOT] });
});

test("a town splits off inside itself, the office to any department", () => {
  const task = { unit: VILLAGE, village: VILLAGE };
  const of = (role: string, place: string) => unitsFor("split", [{ role, place }], task, ["110109-d03"]);
  assert.deepEqual(of("town_operator", "110109105"), [VILLAGE, "110109105"]);
  assert.deepEqual(of("district_office", "110109"), [VILLAGE, "110109105", "110109-d03"]);
});

const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
const verdict = (status: Verdict["status"], minutes: number, rev = 9): Verdict => ({ status, rev, reason: "", message: "", data: {}, at: at(minutes) });
const entry = (verb: string, word: Verdict | null = null, id = ID) => ({ verb, about: { kind: "task", id }, verdict: word }) as Entry;
const step = (rev: number, verb: string, by: string, minutes = 0): TaskRow["steps"][number] =>
  ({ rev, verb, by, at: at(minutes), text: "", to: "", verdict: "applied", until: null });

test("one urges once a day: by what is known of the task, and by what waits here", () => {
  const urged = (steps: TaskRow["steps"], outbox: Entry[] = []) => urgedToday({ id: ID, steps }, outbox, NOW);
  assert.equal(urged([]), false);
  assert.equal(urged([step(5, "urge", "李敏")]), true);
  assert.equal(urged([step(5, "urge", "李敏", -24 * 60)]), false, "yesterday's");
  assert.equal(urged([step(5, "urge", "系统")]), false, "the system's own does not count");
  assert.equal(urged([], [entry("task.urge")]), true);
  assert.equal(urged([], [entry("task.urge", null, SHOT)]), false, "another task's");
  assert.equal(urged([], [entry("task.urge", verdict("rejected", 0))]), false);
  assert.equal(urged([], [entry("task.urge", verdict("applied", -1))]), true, "its row has not come back yet");
});

test("only signing for and passing can be taken back, while nobody came after and ten minutes have not gone by", () => {
  const undo = (outbox: Entry[], steps: TaskRow["steps"] = []) => undoable({ id: ID, steps }, outbox, NOW);
  assert.equal(undo([]), false);
  assert.equal(undo([entry("task.accept")]), true, "not even sent");
  assert.equal(undo([entry("task.pass", verdict("applied", -9))], [step(9, "pass", "我")]), true);
  assert.equal(undo([entry("task.pass", verdict("applied", -11))]), false);
  assert.equal(undo([entry("task.pass", verdict("applied", -1))], [step(10, "close", "周主任")]), false);
  assert.equal(undo([entry("task.pass", verdict("noop", -1))]), false, "it was there already");
  assert.equal(undo([entry("task.accept"), entry("task.submit")]), false);
  assert.equal(undo([entry("task.accept"), entry("task.take_back")]), false, "once");
  assert.equal(undo([entry("task.accept"), entry("task.note"), entry("task.submit", verdict("rejected", 0))]), true);
  assert.equal(undo([entry("task.accept", null, SHOT)]), false);
});
