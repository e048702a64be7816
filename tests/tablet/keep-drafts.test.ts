import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { dropCache } from "../../offline_sync/tablet/keep/pages";
import { makeRows } from "../../offline_sync/tablet/keep/rows";
import { ENTRY_STORES, enter, prepare } from "../../offline_sync/tablet/keep/outbox";
import type { Entry } from "../../offline_sync/tablet/model";
import type { Trouble } from "../../offline_sync/tablet/tablet";
import { B, WANTED, breakPut, domError, freshHouse, type House, photo, rest, signIn, until, window_ } from "./keep-house";

let mend: () => void = () => undefined;
afterEach(() => mend());

const answersIn = ({ core }: House) => core.read(["answers"], (t) => t.all("answers"));
const entriesIn = ({ core }: House) => core.read(["outbox"], (t) => t.all("outbox"));

async function opened(house: House) {
  const { inspection } = await house.drafts.begin(WANTED);
  return house.drafts.open(inspection);
}

test("beginning twice goes on with the draft that is there", async () => {
  const house = await freshHouse();
  const [first, second] = await Promise.all([house.drafts.begin(WANTED), house.drafts.begin(WANTED)]);
  assert.equal(first.inspection, second.inspection);
  assert.equal((await house.drafts.list()).length, 1);
  const other = await house.drafts.begin({ ...WANTED, assignment: null, checklist: { ...WANTED.checklist, code: "RD" } });
  assert.notEqual(other.inspection, first.inspection);
});

test("every tap is on the disk a moment later, a row each, and says so", async () => {
  const house = await freshHouse();
  const sheet = await opened(house);
  const heard: boolean[] = [];
  sheet.on(() => heard.push(sheet.saving));
  sheet.answer("RE-1.1", { counts: { each: 2 } });
  assert.equal(sheet.answers.get("RE-1.1")?.counts?.each, 2);
  assert.equal(sheet.saving, true);
  sheet.answer("RE-1.1", { note: "路边" });
  sheet.answer("RE-1.2", { yes: false });
  await until(() => !sheet.saving);
  assert.equal(sheet.saving, false);
  assert.deepEqual([heard[0], heard[heard.length - 1]], [true, false]);
  assert.deepEqual((await answersIn(house)).map(({ item, answer }) => [item, answer.counts, answer.note, answer.yes]),
    [["RE-1.1", { each: 2 }, "路边", null], ["RE-1.2", null, "", false]]);
  sheet.forget("RE-1.2");
  sheet.set({ at_item: "RE-1.1", village_remarks: "属实" });
  await sheet.flush();
  assert.deepEqual((await answersIn(house)).map(({ item }) => item), ["RE-1.1"]);
  assert.equal((await house.drafts.list())[0]!.village_remarks, "属实");
  await sheet.close();
});

test("taps that come while a write runs go together in the next", async () => {
  const house = await freshHouse();
  const sheet = await opened(house);
  let writes = 0;
  const real = house.core.write.bind(house.core);
  house.core.write = (...args) => ((writes += 1), real(...args));
  for (let n = 0; n < 50; n += 1) sheet.answer(`RE-${n}`, { note: "x" });
  await sheet.flush();
  assert.equal(writes, 1);
  assert.equal((await answersIn(house)).length, 50);
});

test("a killed page comes back as it was", async () => {
  const house = await freshHouse();
  const sheet = await opened(house);
  sheet.answer("RE-1.1", { points: "2.5" });
  await sheet.flush();
  const again = window_(); // nothing was closed
  const back = await again.drafts.open(sheet.draft.inspection);
  assert.equal(back.answers.get("RE-1.1")?.points, "2.5");
});

test("what cannot be saved stays in memory, is said, and is saved when it can be", async () => {
  const house = await freshHouse();
  const sheet = await opened(house);
  mend = breakPut("answers", domError("QuotaExceededError"), "always");
  sheet.answer("RE-1.1", { yes: true });
  await assert.rejects(sheet.flush(), (error: Trouble) => error.code === "storage_full");
  assert.deepEqual([sheet.trouble?.code, sheet.saving, sheet.answers.get("RE-1.1")?.yes], ["storage_full", true, true]);
  await assert.rejects(sheet.close());
  mend();
  sheet.answer("RE-1.2", { yes: true });
  await sheet.flush();
  assert.deepEqual([sheet.trouble, sheet.saving, (await answersIn(house)).length], [null, false, 2]);
});

test("a failed save is tried again without anybody tapping", async (t) => {
  const house = await freshHouse();
  const sheet = await opened(house);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let fails = 1;
  const real = house.core.write.bind(house.core);
  house.core.write = (...args) => (fails-- > 0 ? Promise.reject(new Error("disk")) : real(...args));
  sheet.answer("RE-1.1", { yes: true });
  const settle = async (): Promise<void> => {
    for (let n = 0; n < 20; n += 1) await new Promise((done) => setImmediate(done));
  };
  await settle();
  assert.equal(sheet.trouble?.code, "store_failed");
  t.mock.timers.tick(2_100);
  await settle();
  assert.deepEqual([sheet.trouble, sheet.saving], [null, false]);
});

test("two windows on one draft: the newer writes, the older is told and writes nothing", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  older.answer("RE-1.1", { yes: true });
  await older.flush();
  const newer = await window_().drafts.open(older.draft.inspection);
  await until(() => older.trouble !== null);
  assert.equal(older.trouble?.code, "draft_elsewhere"); // told at once
  older.answer("RE-1.1", { yes: false });
  await rest();
  newer.answer("RE-1.2", { yes: true });
  await newer.flush();
  assert.deepEqual((await answersIn(house)).map(({ answer }) => answer.yes), [true, true]);
  const back = await house.drafts.open(older.draft.inspection); // and may take it back
  back.answer("RE-1.1", { yes: false });
  await back.flush();
  await until(() => newer.trouble !== null);
  assert.equal(newer.trouble?.code, "draft_elsewhere");
});

test("a window that hears nothing is stopped by the store itself", async () => {
  const house = await freshHouse();
  const channel = globalThis.BroadcastChannel;
  try {
    Reflect.deleteProperty(globalThis, "BroadcastChannel");
    const older = await opened(house);
    await window_().drafts.open(older.draft.inspection);
    older.answer("RE-1.1", { yes: false });
    await until(() => older.trouble !== null);
    assert.equal(older.trouble?.code, "draft_elsewhere");
    assert.deepEqual(await answersIn(house), []);
  } finally {
    globalThis.BroadcastChannel = channel;
  }
});

test("two screens of one page share a sheet; the last to leave lets it go", async () => {
  const house = await freshHouse();
  const one = await opened(house);
  const two = await house.drafts.open(one.draft.inspection);
  one.answer("RE-1.1", { yes: true });
  assert.equal(two.answers.get("RE-1.1")?.yes, true);
  await one.close();
  two.answer("RE-1.2", { yes: true });
  await two.close();
  assert.equal((await answersIn(house)).length, 2);
  two.answer("RE-1.3", { yes: true });
  assert.equal(two.trouble?.code, "draft_gone"); // never quietly
});

test("finishing moves draft and answers into one entry with the next number", async () => {
  const house = await freshHouse();
  await house.outbox.add({ verb: "task.note", args: { task: "t" }, about: { kind: "task", id: "t", village: null, title: "" }, photos: [] });
  const sheet = await opened(house);
  const { inspection } = sheet.draft;
  const pictures = [photo("p-01", inspection), photo("p-02", inspection, { stored_at: "2026-11-20T09:00:00+08:00" })];
  await house.core.write(["photos"], async (t) => pictures.forEach((one) => t.put("photos", one)));
  sheet.answer("RE-1.1", { yes: true });
  const entry = await house.drafts.finish(inspection, { inspection, answers: [{ item: "RE-1.1", note: undefined }] }, ["p-01", "p-02"], "安家庄村");
  assert.deepEqual([entry.seq, entry.verb, entry.about, entry.args, entry.photos], [
    2, "inspection.submit", { kind: "inspection", id: inspection, village: WANTED.village, title: "安家庄村" },
    { inspection, answers: [{ item: "RE-1.1" }] }, ["p-01", "p-02"],
  ]);
  assert.deepEqual([await answersIn(house), await house.drafts.list()], [[], []]);
  const photos = await house.core.read(["photos"], (t) => t.all("photos"));
  assert.deepEqual(photos.map(({ named, waits }) => [named, waits]), [[entry.id, 1], [entry.id, undefined]]);
  const twice: Entry = await house.drafts.finish(inspection, {}, [], ""); // a double tap
  assert.equal(twice.id, entry.id);
  assert.equal((await entriesIn(house)).length, 2);
});

test("a finish that dies half-way leaves the draft as it was, and no number used", async () => {
  const house = await freshHouse();
  const sheet = await opened(house);
  const { inspection } = sheet.draft;
  sheet.answer("RE-1.1", { yes: true });
  await sheet.flush();
  mend = breakPut("outbox", domError("QuotaExceededError"));
  await assert.rejects(house.drafts.finish(inspection, { inspection }, [], ""), (error: Trouble) => error.code === "storage_full");
  assert.deepEqual([(await answersIn(house)).length, (await house.drafts.list()).length, await entriesIn(house)], [1, 1, []]);
  sheet.answer("RE-1.2", { yes: true }); // and one can go on
  await sheet.flush();
  assert.equal((await house.drafts.finish(inspection, { inspection }, [], "")).seq, 1);
});

test("an older window cannot finish what a newer one is filling in", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  const { inspection } = older.draft;
  const channel = globalThis.BroadcastChannel;
  try {
    Reflect.deleteProperty(globalThis, "BroadcastChannel");
    await window_().drafts.open(inspection);
    await assert.rejects(house.drafts.finish(inspection, { inspection }, [], ""), (error: Trouble) => error.code === "draft_elsewhere");
  } finally {
    globalThis.BroadcastChannel = channel;
  }
  assert.equal((await house.drafts.list()).length, 1);
});

test("discarding takes answers, photos and bytes, but none that an act names or another photo shows", async () => {
  const house = await freshHouse();
  const { inspection } = await house.drafts.begin(WANTED);
  const shared = { sha256: "ee".repeat(32) };
  const photos = [photo("p-01", inspection), photo("p-02", inspection, shared), photo("p-03", "other", shared), photo("p-04", inspection, { named: "c" })];
  await house.core.write(["photos", "bytes", "previews"], async (t) => photos.forEach((one) => {
    t.put("photos", one);
    t.put("bytes", { sha256: one.sha256, bytes: new ArrayBuffer(3) });
    t.put("previews", { sha256: one.sha256, bytes: new ArrayBuffer(1) });
  }));
  await house.drafts.discard(inspection);
  const left = await house.core.read(["photos", "bytes"], async (t) => [await t.keys("photos"), await t.keys("bytes")]);
  assert.deepEqual(left, [["p-03", "p-04"], ["04".repeat(32), "ee".repeat(32)]]);
  assert.deepEqual(await house.drafts.list(), []);
});

test("each person has drafts and numbers of their own; an open sheet stays its author's", async () => {
  const house = await freshHouse();
  const sheet = await opened(house);
  await signIn(house.shelf, B);
  assert.deepEqual(await house.drafts.list(), []);
  sheet.answer("RE-1.1", { yes: true });
  await sheet.flush();
  const entry = await house.drafts.finish(sheet.draft.inspection, {}, [], "");
  assert.deepEqual((await entriesIn(house)).map(({ id }) => id), [entry.id]);
  assert.equal(await house.shelf.of(B).core.read(["outbox"], (t) => t.count("outbox")), 0);
});

test("numbers have no gaps and no twins, whoever adds at the same moment", async () => {
  const house = await freshHouse();
  const other = window_();
  const wanted = { verb: "task.note", args: {}, about: { kind: "task" as const, id: "t", village: null, title: "" }, photos: [] };
  const made = await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? house : other).outbox.add(wanted)));
  assert.deepEqual(made.map(({ seq }) => seq).sort((a, b) => a - b), Array.from({ length: 20 }, (_, n) => n + 1));
  assert.deepEqual((await house.outbox.list()).map(({ seq }) => seq), Array.from({ length: 20 }, (_, n) => n + 1));
});

test("work done once more after a lost answer enters an act once", async () => {
  const { core, outbox } = await freshHouse();
  const fresh = prepare({ verb: "task.note", args: {}, about: { kind: "task", id: "t", village: null, title: "" }, photos: [] });
  const [one, two] = [await core.write(ENTRY_STORES, (t) => enter(t, fresh)), await core.write(ENTRY_STORES, (t) => enter(t, fresh))];
  assert.deepEqual([one.seq, two.seq, (await outbox.list()).length], [1, 1, 1]);
});

test("the checklist a draft was begun with outlives the server's rows", async () => {
  const house = await freshHouse();
  const { sha256 } = WANTED.checklist;
  const row = { key: sha256, code: "RE", version: "1.0", sha256, title: "表", body: { items: [] } };
  await house.cache.write(["rows"], async (t) => t.put("rows", { kind: "checklist", id: sha256, rev: 3, row, scopes: ["*"], gens: [1] }));
  await house.drafts.begin(WANTED);
  await dropCache(house.cache);
  const rows = makeRows(house.shelf);
  assert.deepEqual(await rows.one("checklist", sha256), { ...row, rev: 3 });
  assert.equal(await rows.one("checklist", "cd".repeat(32)), null);
});
