/** The tablet's sequence and the server's come together again: forks, gaps, strange ids, what is too large, restores. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { EntryKept } from "../../../offline_sync/tablet/keep/shapes";
import { House, pause, until } from "./house";
import { Road } from "./road";
import { begun, type Tablet, VILLAGE } from "./tablet";

const house = new House();
let road: Road;

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
after(async () => {
  await road.close();
  await house.end();
});

async function tablet(work: (tablet: Tablet) => Promise<void>): Promise<void> {
  const fresh = await begun(road.url, "inspector");
  road.log.length = 0;
  try {
    await work(fresh);
  } finally {
    road.mishap = () => undefined;
    await fresh.close();
  }
}

const locate = (tablet: Tablet, lat = 39.97) =>
  tablet.act("village.locate", { village: VILLAGE, position: { lat, lng: 116.01, accuracy: 5 }, photo: null });
const onServer = (id: string) => house.sql("SELECT COUNT(*) FROM command WHERE id = ?", id)[0]?.[0];
const replicaOf = async (tablet: Tablet): Promise<string> => (await (await tablet.store()).standing()).replica;

/** Changes what lies in core as no part of the app does: a tablet brought back from an old copy of itself. */
async function tamper(tablet: Tablet, change: (entry: EntryKept) => EntryKept | null, seq?: number): Promise<void> {
  await tablet.shelf.of(await tablet.me()).core.write(["outbox", "meta"], async (t) => {
    for (const entry of await t.all("outbox")) {
      const next = change(entry);
      if (next) t.put("outbox", next);
      else t.remove("outbox", entry.id);
    }
    const state = (await t.get("meta", "replica"))?.value as Record<string, unknown>;
    if (seq !== undefined) t.put("meta", { name: "replica", value: { ...state, seq } });
  });
}

test("a tablet from an old copy counts anew under another name; ids stay, nothing counts twice", () => tablet(async (mine) => {
  const [first, second] = [await locate(mine), await locate(mine, 39.98)];
  await mine.drained();
  const before_ = await replicaOf(mine);
  // The copy knows of the first only, which still waits, and gives the second's number to something else.
  await tamper(mine, (entry) => (entry.id === second.id ? null : { ...entry, verdict: null, waits: 1 }), 1);
  const third = await locate(mine, 39.99);
  assert.equal(third.seq, 2);
  await mine.drained();
  assert.notEqual(await replicaOf(mine), before_);
  assert.deepEqual([first, second, third].map((one) => onServer(one.id)), [1, 1, 1]);
  const seqs = (await (await mine.store()).kept()).map((one) => [one.id, one.seq]);
  assert.ok(seqs.some(([id, seq]) => id === third.id && seq === 1 || seq === 2), JSON.stringify(seqs));
  await locate(mine);
  await mine.drained();
}));

test("a gap that can be filled is filled under the same name", () => tablet(async (mine) => {
  const first = await locate(mine);
  await mine.drained();
  const before_ = await replicaOf(mine);
  // The server forgot the first, as after a restore that changed no epoch.
  house.sql("DELETE FROM command WHERE id = ?", first.id);
  house.sql("UPDATE replica SET last_seq = 0 WHERE id = ?", before_);
  const second = await locate(mine, 39.98);
  await mine.drained();
  assert.equal(await replicaOf(mine), before_);
  assert.deepEqual([onServer(first.id), onServer(second.id)], [1, 1]);
}));

test("a gap that nothing here can fill makes a new replica", () => tablet(async (mine) => {
  await locate(mine);
  await mine.drained();
  const before_ = await replicaOf(mine);
  await tamper(mine, () => null);
  house.sql("UPDATE replica SET last_seq = 0 WHERE id = ?", before_);
  const second = await locate(mine, 39.98);
  assert.equal(second.seq, 2);
  await mine.drained();
  assert.notEqual(await replicaOf(mine), before_);
  assert.equal(onServer(second.id), 1);
}));

test("an id that means something else there is laid aside by the server, and what follows passes", () => tablet(async (mine) => {
  const first = await locate(mine);
  await mine.drained();
  await tamper(mine, (entry) => ({ ...entry, verdict: null, waits: 1, seq: 2, args: { ...(entry.args as object), note: "another" } }), 2);
  const after_ = await locate(mine, 39.98);
  await mine.drained();
  const kept = await (await mine.store()).kept();
  const strange = kept.find((one) => one.id === first.id);
  assert.deepEqual([strange?.verdict?.status, strange?.verdict?.reason], ["held", "id_reuse"]);
  assert.equal(kept.find((one) => one.id === after_.id)?.verdict?.status, "applied");
  const aside = () => house.sql("SELECT COUNT(*) FROM stranger WHERE command = ?", first.id)[0]?.[0];
  assert.equal(aside(), 1);
  // A server brought back may lack it, and its number, which nobody counted, does not tell.
  house.sql("DELETE FROM stranger");
  house.sql("UPDATE district_head SET epoch = ?", randomUUID());
  mine.engine.now();
  await until("the strange one again", () => aside() === 1);
  await mine.drained();
  assert.deepEqual([onServer(first.id), onServer(after_.id)], [1, 1]);
}));

test("what is too large stays, says so, and stands in nobody's way", () => tablet(async (mine) => {
  road.mishap = () => ({ status: 503 });
  const large = await mine.act("village.locate", { village: VILLAGE, position: { lat: 40, lng: 116, accuracy: 1 }, photo: null, more: "长".repeat(100_000) });
  const others = [await locate(mine, 39.1), await locate(mine, 39.2)];
  road.mishap = () => undefined;
  mine.engine.now();
  await until("the others", () => others.every((one) => onServer(one.id) === 1));
  const later = await locate(mine, 39.3);
  await until("a later one", async () => (await (await mine.store()).waiting()).length === 1);
  assert.equal(onServer(later.id), 1);
  const [waiting] = await (await mine.store()).waiting();
  assert.equal(waiting?.id, large.id);
  assert.match(waiting?.problem ?? "", /太大/);
  assert.deepEqual(waiting?.args, large.args);
  await mine.calm();
  const asked = road.log.length;
  await pause(300);
  assert.equal(road.log.length, asked, "it is not tried again and again");
}));

test("a gateway that takes less than we think: halved until it goes, the one that never goes laid aside", () => tablet(async (mine) => {
  road.mishap = () => ({ status: 503 });
  const many = [];
  for (let nth = 0; nth < 12; nth += 1) many.push(await locate(mine, 30 + nth));
  await mine.idle(); // the last of the pushes that were refused so far would be counted below
  let pushes = 0;
  road.mishap = ({ path }) => (path === "/api/sync/push" && pushes++ < 5 ? { status: 413 } : undefined); // 12, 6, 3, 2, 1
  mine.engine.now();
  await until("all but what no push took", async () => (await (await mine.store()).waiting()).length === 1);
  await until("its sentence", async () => ((await (await mine.store()).waiting())[0]?.problem ?? "").includes("网关"));
  assert.equal(pushes, 16);
  road.mishap = () => undefined;
  mine.engine.now(); // by hand: tried once more
  await mine.drained();
  assert.ok(many.every((one) => onServer(one.id) === 1));
}));

test("a fault of the server's own at one command: what came before it is receipted, after three tries the rest passes", () => tablet(async (mine) => {
  road.mishap = () => ({ status: 503 });
  const before_ = await mine.visit([], "110109005203");
  const ill = await locate(mine);
  const after_ = await mine.visit([], "110109005204");
  house.sql("CREATE TRIGGER boom BEFORE UPDATE ON village BEGIN SELECT RAISE(ABORT, 'boom'); END");
  try {
    road.mishap = () => undefined;
    mine.engine.now();
    await mine.drained();
    const kept = await (await mine.store()).kept();
    const word = (id: string) => kept.find((one) => one.id === id)?.verdict;
    assert.deepEqual([word(before_.entry.id)?.status, word(after_.entry.id)?.status], ["applied", "applied"]);
    assert.deepEqual([word(ill.id)?.status, word(ill.id)?.reason], ["held", "internal_error"]);
    assert.equal(road.log.filter((one) => one.path === "/api/sync/push" && one.status === 500).length, 2);
    const tries = (id: string) => kept.find((one) => one.id === id)?.tries ?? 0;
    assert.equal(tries(ill.id) - tries(before_.entry.id), 2, "what was receipted beside the fault was not sent again");
  } finally {
    house.sql("DROP TRIGGER boom");
  }
}));

test("a hundred and twenty commands go in order, fifty at a time", () => tablet(async (mine) => {
  road.mishap = () => ({ status: 503 });
  for (let nth = 0; nth < 120; nth += 1) await locate(mine, 30 + nth / 100);
  road.mishap = () => undefined;
  const start = road.log.length;
  mine.engine.now();
  await mine.drained();
  assert.equal(road.log.slice(start).filter((one) => one.path === "/api/sync/push" && one.status === 200).length, 3);
  const seqs = house.sql("SELECT seq FROM command WHERE replica = ? ORDER BY rev", await replicaOf(mine)).flat();
  assert.deepEqual(seqs, Array.from({ length: 120 }, (_, place) => place + 1));
}));
