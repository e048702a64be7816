import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPage, cursors, type Page } from "../../offline_sync/tablet/keep/pages";
import { makeRows } from "../../offline_sync/tablet/keep/rows";
import { PersonStores } from "../../offline_sync/tablet/keep/stores";
import type { Verdict } from "../../offline_sync/tablet/model";
import { A, freshHouse, type House } from "./keep-house";

const VILLAGE = "110109105210";
const verdict = (status: Verdict["status"], rev: number): Verdict =>
  ({ status, rev, reason: "", message: "", data: {}, at: "2026-11-20T00:00:00Z" });

async function pulled(house: House, scopes: Record<string, number>, changes: [string, number, string, string, object][], head?: number) {
  const page = {
    head: head ?? Math.max(...Object.values(scopes)), drop: [], floor: {}, scopes,
    changes: changes.map(([scope, rev, kind, id, row]) => ({ scope, rev, kind, id, row })),
  } as unknown as Page;
  assert.equal(await applyPage(house.cache, await cursors(house.cache), page), true);
}

const task = (stage: string) => ({ id: "t", village: VILLAGE, stage, submitted_by: [] as string[] });
const act = (house: House, verb: string, kind: "task" | "card" | "village", id: string, args: object = {}) =>
  house.outbox.add({ verb, args, about: { kind, id, village: null, title: "" }, photos: [] });

test("rows are read by kind, by village, by id, with their rev", async () => {
  const house = await freshHouse();
  const rows = makeRows(house.shelf);
  assert.equal(await rows.complete(), false);
  await pulled(house, { g: 3, [VILLAGE]: 4 }, [["g", 2, "town", "110109105", { code: "110109105" }], [VILLAGE, 4, "task", "t", task("accepted")]], 9);
  assert.deepEqual((await rows.all("town")).map(({ code, rev }) => [code, rev]), [["110109105", 2]]);
  assert.deepEqual((await rows.of("task", VILLAGE)).map(({ id }) => id), ["t"]);
  assert.deepEqual(await rows.of("task", "110109105211"), []);
  assert.equal((await rows.one("task", "t"))?.rev, 4);
  assert.equal(await rows.one("task", "none"), null);
  assert.equal(await rows.complete(), false); // read half-way is not complete
  await pulled(house, { g: 9, [VILLAGE]: 9 }, []);
  assert.equal(await rows.complete(), true);
});

test("a move on its way shows its stage until every held scope has passed its receipt", async () => {
  const house = await freshHouse();
  const rows = makeRows(house.shelf);
  const store = new PersonStores(house.shelf, A);
  const seen = async () => {
    const [row] = await rows.all("task");
    return [row!.stage, row!.provisional ?? [], row!.submitted_by];
  };
  await pulled(house, { g: 5, [VILLAGE]: 5 }, [[VILLAGE, 4, "task", "t", task("dispatched")]]);
  assert.deepEqual(await seen(), ["dispatched", [], []]);
  const accepted = await act(house, "task.accept", "task", "t");
  const submitted = await act(house, "task.submit", "task", "t");
  await act(house, "task.note", "task", "t");
  assert.deepEqual(await seen(), ["submitted", ["task.accept", "task.submit"], [A]]);
  await store.settle(new Map([[accepted.id, verdict("applied", 7)], [submitted.id, verdict("applied", 8)]]));
  assert.equal((await seen())[0], "submitted"); // receipted, but the row is still the old one
  await pulled(house, { g: 9, [VILLAGE]: 7 }, [[VILLAGE, 7, "task", "t", task("accepted")]], 9);
  assert.deepEqual((await seen()).slice(0, 2), ["submitted", ["task.submit"]]);
  await pulled(house, { g: 9, [VILLAGE]: 9 }, [[VILLAGE, 8, "task", "t", { ...task("submitted"), submitted_by: [A] }]]);
  assert.deepEqual(await seen(), ["submitted", [], [A]]);
  // Fetched anew, the cursors begin again; a row that knows the act needs nothing on top.
  await pulled(house, { g: 12, [VILLAGE]: 12 }, [[VILLAGE, 12, "task", "t", task("closed")]]);
  await store.refetch([VILLAGE]);
  assert.deepEqual((await seen()).slice(0, 2), ["closed", []]);
});

test("taken back, a task stands where it stood; asked to look elsewhere, it says so until that is answered", async () => {
  const house = await freshHouse();
  const rows = makeRows(house.shelf);
  await pulled(house, { g: 5, [VILLAGE]: 5 }, [[VILLAGE, 4, "task", "t", task("dispatched")]]);
  const stage = async () => (await rows.one("task", "t"))?.stage;
  await act(house, "task.accept", "task", "t");
  assert.equal(await stage(), "accepted");
  await act(house, "task.take_back", "task", "t");
  assert.equal(await stage(), "dispatched");
  await act(house, "task.submit", "task", "t");
  await act(house, "task.pass", "task", "t");
  await act(house, "task.take_back", "task", "t");
  assert.equal(await stage(), "submitted");
  for (const beside of ["task.urge", "task.split"]) await act(house, beside, "task", "t");
  assert.equal(await stage(), "submitted");
  await act(house, "task.sweep", "task", "t", { until: "2026-11-27T23:59:59+08:00" });
  assert.equal((await rows.one("task", "t"))?.sweep_until, "2026-11-27T23:59:59+08:00");
  await act(house, "task.sweep_answer", "task", "t");
  assert.equal((await rows.one("task", "t"))?.sweep_until, null);
});

test("what was refused, held or set aside is no longer shown as done", async () => {
  const house = await freshHouse();
  const rows = makeRows(house.shelf);
  await pulled(house, { g: 5, [VILLAGE]: 5 }, [[VILLAGE, 4, "task", "t", task("submitted")]]);
  for (const status of ["conflict", "rejected", "held"] as const) {
    const { id } = await act(house, "task.pass", "task", "t");
    assert.equal((await rows.one("task", "t"))?.stage, "checked");
    await new PersonStores(house.shelf, A).settle(new Map([[id, verdict(status, 99)]]));
    assert.equal((await rows.one("task", "t"))?.stage, "submitted");
  }
});

test("a card put away and a village found show at once; another's task stays as it is", async () => {
  const house = await freshHouse();
  const rows = makeRows(house.shelf);
  await pulled(house, { g: 5, [VILLAGE]: 5, "u:a": 5 }, [
    ["u:a", 3, "card", "c", { id: "c", dismissed: false }], [VILLAGE, 4, "village", VILLAGE, { code: VILLAGE, location: null }],
    [VILLAGE, 5, "task", "t", task("dispatched")],
  ]);
  await act(house, "card.dismiss", "card", "c", { card: "c" });
  await act(house, "village.locate", "village", VILLAGE, { village: VILLAGE, position: { lat: 39.97, lng: 116.01, accuracy: 8 } });
  await act(house, "task.accept", "task", "another");
  assert.equal((await rows.one("card", "c"))?.dismissed, true);
  assert.deepEqual((await rows.one("village", VILLAGE))?.location, { lat: 39.97, lng: 116.01 });
  assert.deepEqual((await rows.all("task")).map(({ stage, provisional }) => [stage, provisional]), [["dispatched", undefined]]);
});
