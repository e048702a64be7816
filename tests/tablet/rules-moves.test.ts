import assert from "node:assert/strict";
import { test } from "node:test";
import { can, may, movesOf, MOVES, postsNow, RULES } from "../../offline_sync/tablet/rules/moves";
import type { Move } from "../../offline_sync/tablet/rules/moves";
import type { TaskRow } from "../../offline_sync/tablet/wire";
import shared from "../shared/moves.json";

type Stage = TaskRow["stage"];

test("who may move a task when: the server's table, case by case", () => {
  assert.ok(shared.cases.length > 100);
  for (const { post, may: reach, can: goes, ...task } of shared.cases) {
    for (const [stage, moves] of Object.entries(goes)) {
      const told = JSON.stringify({ post, task, stage });
      const row = { ...task, stage: stage as Stage, sweep_until: null };
      const free = { drawn: true, undo: true };
      const without = (...gone: string[]) => moves.filter((move) => !gone.includes(move));
      assert.deepEqual(movesOf("me", [post], row, free), without("sweep_answer"), told);
      assert.deepEqual(movesOf("me", [post], { ...row, sweep_until: "2026-11-30T15:59:59Z" }, free), without("sweep"), told);
      assert.deepEqual(movesOf("me", [post], row, { urged: true }), without("look_back", "urge", "sweep_answer", "take_back"), told);
      assert.deepEqual(MOVES.filter((move) => may(move, post, row)), reach, told);
    }
  }
});

test("what a move must carry is what the server asks", () => {
  const needs = Object.fromEntries(MOVES.map((move) => {
    const rule: Record<string, unknown> = { ...RULES[move] };
    return [move, Object.fromEntries(Object.keys(shared.needs.note).map((name) => [name, rule[name] ?? false]))];
  }));
  assert.deepEqual(needs, shared.needs);
});

const task = { stage: "submitted" as Stage, unit: "110109105210", village: "110109105210", submitted_by: ["wang"], sweep_until: null };
const rounds = new Map([["r1", { stage: "started" as const }], ["r2", { stage: "published" as const }]]);
const post = { role: "inspector", place: "110109104", from: "2026-01-01", until: null };
const lent = (round: string, stage: "open" | "done" | "withdrawn") => ({ round, village: "110109105210", stage });

test("several posts: any one that fits will do", () => {
  const posts = [{ role: "village_committee", place: "110109105210" }, { role: "inspector", place: "110109105" }];
  assert.equal(can("pass", "li", posts, task, {}), true);
  assert.equal(can("pass", "wang", posts, task, {}), false);
});

test("a village drawn for a round lends an inspector its place until the round is published", () => {
  const moves = (assignments: ReturnType<typeof lent>[], posts = [post]): Move[] =>
    movesOf("li", postsNow(posts, "2026-11-20", assignments, rounds, []), task, {});
  assert.deepEqual(moves([]), []);
  assert.deepEqual(moves([lent("r1", "done")]), ["reject", "pass", "close_on_site", "note"]);
  for (const none of [lent("r1", "withdrawn"), lent("r2", "open"), lent("r9", "open")]) assert.deepEqual(moves([none]), []);
  assert.deepEqual(moves([lent("r1", "open")], [{ ...post, role: "line_department" }]), [], "lends a place, never a role");
});

test("a look-back lends its village until it is done, and only who was drawn may say that all is well", () => {
  const closed = { ...task, stage: "closed" as Stage };
  const moves = (outcome: "" | "fine", drawn: boolean): Move[] =>
    movesOf("li", postsNow([post], "2026-11-20", [], rounds, [{ village: "110109105210", outcome }]), closed, { drawn });
  assert.deepEqual(moves("", true), ["look_back", "reopen", "note"]);
  assert.deepEqual(moves("", false), ["reopen", "note"]);
  assert.deepEqual(moves("fine", false), []);
});

test("a post counts from its first day to its last", () => {
  const held = (from: string, until: string | null) => postsNow([{ ...post, from, until }], "2026-11-20", [], rounds, []).length;
  assert.deepEqual([held("2026-11-21", null), held("2026-11-20", "2026-11-20"), held("2026-01-01", "2026-11-19")], [0, 1, 0]);
});
