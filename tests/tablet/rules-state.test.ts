import assert from "node:assert/strict";
import { test } from "node:test";
import type { Draft, Entry, Verdict } from "../../offline_sync/tablet/model";
import { onItsWay, openCards, pressing, visits } from "../../offline_sync/tablet/rules/state";
import type { Known, Visit } from "../../offline_sync/tablet/rules/state";
import type { AssignmentRow, CardRow } from "../../offline_sync/tablet/wire";

const VILLAGE = "110109105210";
const assignment = (stage: AssignmentRow["stage"] = "open", checklist = "RE"): AssignmentRow =>
  ({ id: `a-${checklist}`, round: "r1", village: VILLAGE, checklist, with: [], with_names: {}, draw: false, stage });
const ref = (code: string) => ({ code, version: "1.0", sha256: "ab" });
const draft = (checklist = "RE") => ({ inspection: "d1", round: "r1", village: VILLAGE, checklist: ref(checklist) }) as Draft;
const entry = (verb: string, args: unknown, status?: Verdict["status"], id = "d1"): Entry => ({
  id: `e-${verb}`, seq: 1, verb, v: 1, at: "2026-11-20T08:00:00+08:00", mono: 1, boot: "b", args, replaces: null,
  about: { kind: verb.startsWith("task") ? "task" : verb.startsWith("card") ? "card" : "inspection", id, village: VILLAGE, title: "" },
  photos: [], verdict: status ? { status, rev: 9, reason: "", message: "", data: {}, at: "2026-11-20T09:00:00+08:00" } : null, tries: 0, problem: null,
});
const submit = (status?: Verdict["status"]) => entry("inspection.submit", { inspection: "d1", round: "r1", village: VILLAGE, checklist: ref("RE") }, status);
const row = (photos: string[], stage: "submitted" | "void" = "submitted") => ({
  id: "i1", round: "r1", village: VILLAGE, checklist: ref("RE"), stage,
  photos: photos.map((id) => ({ id, sha256: id, role: "before" as const, finding: null })),
});
const NOTHING: Known = { drafts: [], outbox: [], inspections: [], photos: new Map() };
const one = (known: Partial<Known>, stage?: AssignmentRow["stage"]): Visit => visits([assignment(stage)], { ...NOTHING, ...known })[0]!;

test("from nothing to sent, and what is on the way", () => {
  assert.equal(one({}).sign, "todo");
  assert.equal(one({ drafts: [draft()] }).sign, "draft");
  assert.equal(one({ outbox: [submit()] }).sign, "waiting");
  assert.equal(one({ outbox: [submit("applied")] }).sign, "sent", "its row has not come back yet");
  assert.equal(one({ outbox: [submit("held")] }).sign, "held");
  assert.equal(one({}, "done").sign, "sent", "by a partner");
  assert.equal(one({}, "withdrawn").sign, "withdrawn");
});

test("put right, a visit waits once more; what the server said of the visit before does not count", () => {
  const amend = (status?: Verdict["status"]) => entry("inspection.amend", { inspection: "d1", round: "r1", village: VILLAGE, checklist: ref("RE") }, status);
  assert.equal(one({ outbox: [submit("applied"), amend()], inspections: [row([])] }).sign, "waiting");
  assert.equal(one({ outbox: [submit("applied"), amend("applied")], inspections: [row([])] }).sign, "sent");
});

test("photos that the server waits for are counted, others are not", () => {
  const photos = new Map([["p1", "expected"], ["p2", "stored"], ["p3", "waived"], ["p4", "expected"]]);
  const seen = one({ inspections: [row(["p1", "p2", "p3", "p4"])], photos });
  assert.deepEqual([seen.sign, seen.missing, seen.inspection], ["missing", 2, "i1"]);
  assert.equal(one({ inspections: [row(["p2"])], photos }).sign, "sent");
});

test("a void visit leaves the village to be inspected again; a draft on another checklist does not count", () => {
  assert.equal(one({ inspections: [row([], "void")] }).sign, "todo");
  assert.equal(one({ inspections: [{ ...row([], "void"), id: "d1" }], outbox: [submit("applied")] }).sign, "todo", "on the tablet that made it, too");
  assert.equal(one({ inspections: [row([], "void")], outbox: [submit("applied")] }).sign, "sent", "another than the one that is void");
  assert.equal(one({ drafts: [draft("PO")] }).sign, "todo");
});

test("a new draft shows before what was sent earlier", () => {
  assert.equal(one({ drafts: [draft()], inspections: [row([])], outbox: [submit("applied")] }).sign, "draft");
});

test("a village shows what most wants doing", () => {
  const signs = (...of: Visit["sign"][]) => pressing(of.map((sign) => ({ sign }) as Visit));
  assert.equal(signs("sent", "draft", "missing"), "draft");
  assert.equal(signs("sent", "todo"), "todo");
  assert.equal(signs("sent", "waiting", "todo"), "waiting");
  assert.equal(signs(), "todo");
});

test("acts on a task are on their way until they have a receipt", () => {
  const outbox = [entry("task.pass", {}, undefined, "t1"), entry("task.note", {}, "applied", "t1"), entry("task.note", {}, undefined, "t2")];
  assert.deepEqual(onItsWay("t1", outbox), ["pass"]);
});

test("cards: newest first, without those put away or being put away", () => {
  const card = (id: string, at: string, dismissed = false) => ({ id, at, dismissed }) as CardRow;
  const cards = [card("c1", "2026-11-18T00:00:00Z"), card("c2", "2026-11-20T00:00:00Z"), card("c3", "2026-11-19T00:00:00Z", true), card("c4", "2026-11-19T00:00:00Z")];
  assert.deepEqual(openCards(cards, [entry("card.dismiss", {}, undefined, "c4")]).map(({ id }) => id), ["c2", "c1"]);
});
