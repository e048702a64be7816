import assert from "node:assert/strict";
import { test } from "node:test";
import { plainPhotos } from "../../offline_sync/tablet/keep/photo-store";
import { PersonStores } from "../../offline_sync/tablet/keep/stores";
import type { Draft, DraftAnswer, Entry, Verdict } from "../../offline_sync/tablet/model";
import { amendable, amendableElsewhere, handedIn, partOf } from "../../offline_sync/tablet/rules/amending";
import { reopened } from "../../offline_sync/tablet/rules/reopened";
import { notInRow } from "../../offline_sync/tablet/rules/state";
import { submissionOf } from "../../offline_sync/tablet/rules/submission";
import { Trouble } from "../../offline_sync/tablet/tablet";
import { A, WANTED, freshHouse, type House, photo as keptPhoto } from "./keep-house";
import { unfit } from "./schema";
import { RE, SECOND, VISIT, blank, draft, filled, found, id, photo } from "./sheets";

const NOW = Date.parse("2026-11-20T18:00:00+08:00");
const at = (hours: number): string => new Date(NOW + hours * 3_600_000).toISOString();
const verdict = (status: Verdict["status"], hours = -1, rev = 9): Verdict => ({ status, rev, reason: "", message: "", data: {}, at: at(hours) });
const sent = (args: unknown, word: Verdict | null = null, verb = "inspection.submit"): Entry => ({
  id: id(90), seq: 1, verb, v: 1, at: at(-2), mono: 1, boot: "b", args, replaces: null, about: { kind: "inspection", id: VISIT, village: WANTED.village, title: "" },
  photos: [], verdict: word, tries: 0, problem: null,
});

const signed: Draft = { ...draft, signature: { name: "张三", photo: id(39), refused: null }, village_remarks: "同意" };
const PHOTOS = [photo(30, "RE-1.1", id(20)), photo(31, "RE-1.1", id(21)), photo(32, "RE-1.1", id(21), { role: "after", pairs: id(31) }), photo(39, null, null, { role: "signature" })];
const ANSWERS = filled(
  blank("RE-1.1", { counts: { each: 3, heavy: 1 }, findings: [found(20, { rule: "heavy", photos: [id(30)] }), found(21, { count: 3, action: "fixed", unit: null, days: null, photos: [id(31)], after: [id(32)] })] }),
  blank("RE-2.3", { value: "84" }), blank("RE-4.2", { na: true, note: "已纳管" }), blank("RE-2.4", { counts: {}, veto: { text: "倾倒", second: SECOND } }),
);
const HANDED = submissionOf(RE, signed, ANSWERS, PHOTOS, "2026-11-20T10:00:00+08:00").args;

const again = (change: (draft: Draft, answers: Map<string, DraftAnswer>) => Draft = (one) => one, photos = PHOTOS) => {
  const { draft: one, answers } = reopened(sent(HANDED, verdict("applied")), null, photos, at(0));
  const map = new Map(answers.map((answer) => [answer.item, answer]));
  return submissionOf(RE, change(one, map), map, photos, "2026-11-21T10:00:00+08:00").args;
};

test("opened again and handed in untouched, a sheet is what it was, with what it stands on and why", () => {
  const args = again((one) => ({ ...one, amends: { ...one.amends!, reason: " 漏记了问题 " } }));
  assert.deepEqual(args, { ...HANDED, base_rev: 9, reason: "漏记了问题" });
  assert.deepEqual(unfit("Amendment", args), []);
  assert.deepEqual(unfit("Amendment", { ...args, why: "" }), ["Amendment.why: unknown"], "the check can fail");
});

test("written before the server has spoken, it stands on nothing", () => {
  assert.equal(reopened(sent(HANDED), null, PHOTOS, at(0)).draft.amends?.base_rev, null);
});

test("a sent photo is left out by name, a partner's is none of the sheet's, a new one goes along", () => {
  const partners = photo(35, "RE-1.2", null, { role: "scene" });
  const fresh = photo(36, "RE-1.1", id(20));
  const { draft: one } = reopened(sent(HANDED), null, [...PHOTOS, partners], at(0));
  assert.deepEqual(one.amends?.dropped, [partners.id]);
  const without = { ...one, amends: { ...one.amends!, dropped: [...one.amends!.dropped, id(31)] } };
  assert.deepEqual(partOf([...PHOTOS, partners, fresh], without).map((each) => each.id), [id(30), id(32), id(39), id(36)]);
  assert.equal(partOf(PHOTOS, draft), PHOTOS, "any other draft has all of its photos");
  const args = submissionOf(RE, without, ANSWERS, [...PHOTOS, partners, fresh], at(0)).args;
  assert.deepEqual(args.photos?.map((each) => each.id).sort(), [id(30), id(32), id(36), id(39)].sort());
  assert.deepEqual(args.answers.find(({ item }) => item === "RE-1.1")?.findings?.map(({ photos }) => photos), [[id(30), id(36)], []]);
});

test("a visit can be put right for a day, while nothing was decided over it", () => {
  const can = (sent_: Entry[], row: "submitted" | "published" | "void" | null = null, round: "started" | "published" | null = null) =>
    amendable(sent_, row && { stage: row }, round && { stage: round }, NOW)?.verb ?? null;
  const submit = (word: Verdict | null = null) => sent(HANDED, word);
  const amend = (word: Verdict | null = null) => sent(HANDED, word, "inspection.amend");
  assert.equal(can([submit()]), "inspection.submit", "not even sent");
  assert.equal(can([submit(verdict("applied", -23))]), "inspection.submit");
  assert.equal(can([submit(verdict("applied", -25))]), null);
  assert.equal(can([submit(verdict("held"))]), null);
  assert.equal(can([submit(verdict("applied")), amend()]), "inspection.amend", "once more, on what was put right before");
  assert.equal(can([submit(verdict("applied", -25)), amend(verdict("applied", -2))]), null, "the day counts from the visit");
  assert.equal(can([submit(verdict("applied")), amend(verdict("held"))]), null);
  for (const stage of ["published", "void"] as const) assert.equal(can([submit(verdict("applied"))], stage), null);
  assert.equal(can([submit(verdict("applied"))], "submitted", "published"), null);
  assert.equal(can([]), null);
  assert.equal(can([amend()]), null, "the visit itself is no longer here");
});

test("what another tablet handed in can be put right by its author for a day: from the server, or from here while a correction is on its way", () => {
  const row = { stage: "submitted" as const, author: "me", heard_at: at(-23), finished_at: at(-40) };
  const can = (change: Partial<Parameters<typeof amendableElsewhere>[1]> = {}, sent_: Entry[] = [], round: "started" | "published" = "started") =>
    amendableElsewhere(sent_, { ...row, ...change }, { stage: round }, "me", NOW);
  const amend = (word: Verdict | null) => [sent(HANDED, word, "inspection.amend")];
  assert.equal(can(), "server", "the day runs from when the server heard of it");
  assert.equal(can({ heard_at: at(-25) }), null);
  assert.equal(can({ author: "another" }), null);
  for (const stage of ["published", "void"] as const) assert.equal(can({ stage }), null);
  assert.equal(can({}, [], "published"), null);
  assert.deepEqual([can({}, amend(null)), can({}, amend(verdict("held"))), can({}, amend(verdict("applied")))], ["here", null, "server"]);
  assert.equal(amendableElsewhere([], null, null, "me", NOW), null);
});

test("the photos of another tablet's sheet are known by what was announced of them, and are not asked of this one", async () => {
  const house = await freshHouse();
  const store = new PersonStores(house.shelf, A);
  await store.amend({ rev: 12, args: HANDED });
  const kept = await house.core.read(["photos"], (t) => t.all("photos"));
  assert.deepEqual(kept.map(({ id: one, role, about }) => [one, role, about.kind === "inspection" && about.item, about.kind === "inspection" && about.finding]), [
    [id(30), "before", "RE-1.1", id(20)], [id(31), "before", "RE-1.1", id(21)], [id(32), "after", "RE-1.1", id(21)], [id(39), "signature", null, null],
  ]);
  assert.ok(kept.every((one) => one.stored_at && one.preview_sent));
  const sheet = await house.drafts.open(VISIT);
  const args = submissionOf(RE, { ...sheet.draft, amends: { ...sheet.draft.amends!, reason: "漏记" } }, sheet.answers, plainPhotos(kept), at(0)).args;
  assert.deepEqual(args, { ...HANDED, base_rev: 12, reason: "漏记" });
  await sheet.close();
  await house.drafts.discard(VISIT);
  assert.deepEqual(await house.core.read(["photos"], (t) => t.count("photos")), 0, "left as it was, nothing of it stays");
});

async function handIn(house: House): Promise<Entry> {
  const { inspection } = await house.drafts.begin(WANTED);
  await house.core.write(["photos"], async (t) => t.put("photos", keptPhoto("p-01", inspection)));
  const args = { ...HANDED, inspection, village: WANTED.village, round: WANTED.round, checklist: WANTED.checklist, photos: [{ id: "p-01" }] };
  return house.drafts.finish(inspection, args, ["p-01"], "安家庄村");
}

test("put right, a visit waits behind itself, in order, as an act of its own", async () => {
  const house = await freshHouse();
  const first = await handIn(house);
  const draft_ = await house.drafts.amend(first.about.id);
  assert.equal((await house.drafts.amend(first.about.id)).started_at, draft_.started_at, "twice is once");
  const sheet = await house.drafts.open(first.about.id);
  assert.deepEqual([...sheet.answers.keys()].sort(), HANDED.answers.map(({ item }) => item).sort());
  sheet.answer("RE-2.3", { value: "90" });
  const second = await house.drafts.finish(first.about.id, { ...(first.args as object), base_rev: null }, ["p-01"], "安家庄村");
  assert.deepEqual([second.verb, second.seq, second.about.village], ["inspection.amend", first.seq + 1, WANTED.village]);
  assert.deepEqual((await house.outbox.list()).map(({ verb }) => verb), ["inspection.submit", "inspection.amend"]);
  assert.equal((await house.drafts.finish(first.about.id, {}, [], "")).id, second.id, "a double tap");
  assert.deepEqual(await house.drafts.list(), []);
  const third = await house.drafts.amend(first.about.id);
  assert.deepEqual(handedIn(await house.outbox.list(), first.about.id).map(({ id: one }) => one), [first.id, second.id]);
  assert.equal(third.amends?.base_rev, null);
});

test("left as it was, the visit keeps its photos; what was taken for the correction goes", async () => {
  const house = await freshHouse();
  const { about } = await handIn(house);
  await house.drafts.amend(about.id);
  await house.core.write(["photos"], async (t) => t.put("photos", keptPhoto("p-02", about.id)));
  await house.drafts.discard(about.id);
  assert.deepEqual((await house.core.read(["photos"], (t) => t.all("photos"))).map((one) => one.id), ["p-01"]);
  assert.deepEqual([await house.drafts.list(), (await house.outbox.list()).length], [[], 1]);
});

test("a visit that was handed in elsewhere is not opened again here, and that is said", async () => {
  const house = await freshHouse();
  await assert.rejects(house.drafts.amend(id(77)), (error: unknown) => error instanceof Trouble && error.code === "amend_gone");
});

test("what is done to a visit shows until its row knows", async () => {
  const house = await freshHouse();
  const store = new PersonStores(house.shelf, A);
  const made = await house.outbox.add({ verb: "inspection.void", args: {}, photos: [], about: { kind: "inspection", id: VISIT, village: null, title: "" } });
  const waits = async (rev: number) => notInRow({ id: VISIT, rev }, "inspection.void", await house.outbox.list());
  assert.equal(await waits(5), true);
  await store.settle(new Map([[made.id, verdict("applied", 0, 7)]]));
  assert.deepEqual([await waits(5), await waits(7)], [true, false]);
  const refused = await house.outbox.add({ verb: "inspection.void", args: {}, photos: [], about: { kind: "inspection", id: VISIT, village: null, title: "" } });
  await store.settle(new Map([[refused.id, verdict("rejected", 0, 8)]]));
  assert.equal(await waits(7), false);
});
