/** Answers that slept in a frozen window, while another window heard that the server was brought back from its backup. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Hand } from "../../offline_sync/tablet/sync/hand";
import type { Numbered } from "../../offline_sync/tablet/sync/ports";
import { pullAll } from "../../offline_sync/tablet/sync/pull";
import { Push } from "../../offline_sync/tablet/sync/push";

const SELF = { device: "d", build: "1", platform: "node" };

test("a receipt of the server as it was before is worth nothing: the act goes again", async () => {
  const entry = { id: "a", seq: 1, replica: "r", verb: "task.note", v: 1, at: "", mono: 1, boot: "b", args: {}, replaces: null, verdict: null } as unknown as Numbered;
  let epoch = "before";
  let sent = 0;
  const settled: string[] = [];
  const waiting = (): Numbered[] => (settled.includes("a") ? [] : [entry]);
  const store = {
    standing: async () => ({ replica: "r", epoch, limits: {} }), waiting: async () => waiting(),
    settle: async (verdicts: Map<string, { message: string }>) => void verdicts.forEach((one) => settled.push("a", one.message)),
    mark: async () => undefined, note: async () => undefined,
  };
  const call = async () => {
    sent += 1;
    if (sent === 1) epoch = "after";
    return { kind: "ok", body: { last_seq: 1, results: [{ id: "a", seq: 1, status: "applied", rev: 1, message: `answer ${sent}` }] } };
  };
  await new Push({ store, call, link: { serverNow: () => "" } } as unknown as Hand, new Map()).all();
  assert.deepEqual([sent, settled], [2, ["a", "answer 2"]]);
});

test("a page of the server as it was before is not put in place", async () => {
  let epoch = "before";
  const asked: (string | null)[] = [];
  const applied: string[] = [];
  const store = {
    standing: async () => ({ replica: "r", epoch, verified_at: new Date().toISOString(), verified_build: "1" }),
    cursors: async () => ({}), mark: async () => undefined,
    apply: async (_: unknown, page: { epoch: string }) => applied.push(page.epoch) > 0,
  };
  const call = async (...[, , , { json }]: [string, string, string, { json: { epoch: string } }]) => {
    asked.push(json.epoch);
    epoch = "after";
    return { kind: "ok", body: { epoch: json.epoch, more: false, changes: [], scopes: {}, server_time: new Date().toISOString() } };
  };
  await pullAll({ store, call } as unknown as Hand, SELF);
  assert.deepEqual([asked, applied], [["before", "after"], ["after"]]);
});
