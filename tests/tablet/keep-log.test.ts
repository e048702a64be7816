import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { DeviceStores, PersonStores } from "../../offline_sync/tablet/keep/stores";
import type { Verdict } from "../../offline_sync/tablet/model";
import type { PersonStore, Stores } from "../../offline_sync/tablet/sync/ports";
import { A, B, breakPut, domError, freshHouse, type House, photo, signIn } from "./keep-house";

let mend: () => void = () => undefined;
afterEach(() => mend());

const verdict = (more: Partial<Verdict> = {}): Verdict =>
  ({ status: "applied", rev: 7, reason: "", message: "", data: {}, at: "2026-11-20T00:00:00Z", ...more });

async function three(house: House): Promise<{ store: PersonStore; ids: string[] }> {
  const store: PersonStore = new PersonStores(house.shelf, A);
  const ids: string[] = [];
  for (let n = 1; n <= 3; n += 1) {
    await house.core.write(["photos"], async (t) => t.put("photos", photo(`p-0${n}`, "i")));
    ids.push((await house.outbox.add({
      verb: "task.submit", args: { n }, about: { kind: "task", id: "t", village: null, title: "" }, photos: [`p-0${n}`],
    })).id);
  }
  return { store, ids };
}

const counts = async (house: House) => {
  const [one] = await new DeviceStores(house.shelf).known();
  return [one!.waiting, one!.photos_waiting];
};

test("a receipt ends the waiting, keeps the payload, and no later word replaces it", async () => {
  const house = await freshHouse();
  const { store, ids } = await three(house);
  await store.note([ids[0]!], "没有信号", true);
  assert.deepEqual((await store.waiting()).map(({ seq, tries, problem }) => [seq, tries, problem]),
    [[1, 1, "没有信号"], [2, 0, null], [3, 0, null]]);
  await store.settle(new Map([[ids[0]!, verdict()], ["stranger", verdict()]]));
  await store.settle(new Map([[ids[0]!, verdict({ status: "held" })]]));
  const [first] = await store.kept();
  assert.deepEqual([first!.verdict?.status, first!.args, first!.problem], ["applied", { n: 1 }, null]);
  assert.deepEqual((await store.waiting()).map(({ seq }) => seq), [2, 3]);
  assert.deepEqual(await counts(house), [2, 3]);
});

test("receipts come all or none", async () => {
  const house = await freshHouse();
  const { store, ids } = await three(house);
  mend = breakPut("photos", domError("QuotaExceededError"));
  await assert.rejects(store.settle(new Map(ids.map((id) => [id, verdict()]))));
  assert.equal((await store.waiting()).length, 3);
});

test("what the server lost waits again under its number; photos of a refused act wait for nobody", async () => {
  const house = await freshHouse();
  const { store, ids } = await three(house);
  await store.settle(new Map([[ids[0]!, verdict()], [ids[1]!, verdict({ status: "rejected" })]]));
  assert.deepEqual(await counts(house), [1, 2]);
  await store.reopen([ids[0]!, ids[1]!]);
  assert.deepEqual((await store.waiting()).map(({ id, seq }) => [id, seq]), ids.map((id, n) => [id, n + 1]));
  assert.deepEqual(await counts(house), [3, 3]);
});

test("a forked replica numbers what waits anew, keeps ids and bodies, and counts on from there", async () => {
  const house = await freshHouse();
  const { store, ids } = await three(house);
  const { replica } = await store.standing();
  await store.settle(new Map([[ids[0]!, verdict()]]));
  await store.renumber([ids[2]!], 1, "0193a000-0000-7000-8000-00000000ffff");
  assert.deepEqual((await store.waiting()).map(({ id, seq, args }) => [id, seq, args]),
    [[ids[2], 1, { n: 3 }], [ids[1], 2, { n: 2 }]]);
  const next = await house.outbox.add({ verb: "task.note", args: {}, about: { kind: "task", id: "t", village: null, title: "" }, photos: [] });
  assert.equal(next.seq, 3);
  const kept = await store.kept();
  assert.deepEqual(kept.map((entry) => entry.id), [...ids, next.id]); // in the order of making all the same
  assert.deepEqual(kept.map((entry) => entry.replica === replica), [true, false, false, false]);
  assert.equal((await store.standing()).replica, "0193a000-0000-7000-8000-00000000ffff");
});

test("what is known of a person is set in part, and a stranger's tokens never mix in", async () => {
  const house = await freshHouse();
  const stores: Stores = new DeviceStores(house.shelf);
  const store = await stores.of(A);
  const before = await store.standing();
  await store.mark({ epoch: "e1", backup_horizon: "2026-11-20T00:00:00Z", limits: { push_commands: 50 } });
  assert.deepEqual(await store.standing(), { ...before, epoch: "e1", backup_horizon: "2026-11-20T00:00:00Z", limits: { push_commands: 50 } });
  await signIn(house.shelf, B);
  const [a, b] = await stores.people();
  assert.deepEqual([a!.session, b!.session, a!.replica === b!.replica], [`session-${A}`, `session-${B}`, false]);
  assert.equal(await stores.current(), B);
  await stores.enter({ ...before, session: "renewed" });
  assert.deepEqual([(await store.standing()).session, (await store.standing()).epoch], ["renewed", "e1"]);
  assert.equal(await stores.device(), await stores.device());
});

test("a renewed session makes no screen read again; an ended one does", async () => {
  const house = await freshHouse();
  const store = new PersonStores(house.shelf, A);
  house.live.told.length = 0;
  await store.mark({ offline_until: "2099-02-01T00:00:00+08:00", last_ok: "2026-11-20T00:00:00Z" });
  assert.deepEqual(house.live.told, []);
  await store.mark({ session: null });
  assert.deepEqual(house.live.told, ["people"]);
});

test("news of a picture reach every photo that shows it", async () => {
  const house = await freshHouse();
  const { store } = await three(house);
  const [one] = await store.photos();
  await house.core.write(["photos"], async (t) => t.put("photos", photo("p-09", "i", { sha256: one!.sha256, named: "x", waits: 1 })));
  await store.told([one!.sha256], { stored_at: "2026-11-21T00:00:00Z", problem: null });
  assert.deepEqual((await store.photos()).map(({ id, stored_at }) => [id, stored_at !== null]),
    [["p-01", true], ["p-02", false], ["p-03", false], ["p-09", true]]);
  assert.deepEqual(await counts(house), [3, 2]);
  await store.told([one!.sha256], { stored_at: null });
  assert.deepEqual(await counts(house), [3, 4]);
});
