import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Trouble } from "../../offline_sync/tablet/tablet";
import { WANTED, breakPut, domError, freshHouse, type House, rest, until, window_ } from "./keep-house";

let mend: () => void = () => undefined;
afterEach(() => mend());

const answersIn = ({ core }: House) => core.read(["answers"], (t) => t.all("answers"));

async function opened(house: House) {
  const { inspection } = await house.drafts.begin(WANTED);
  return house.drafts.open(inspection);
}

/** A window whose writes wait for `let go`: what lies between seeing a sheet and having it. */
function slowWindow() {
  const house = window_();
  const real = house.core.write.bind(house.core);
  let letGo = (): void => undefined;
  const gate = new Promise<void>((open) => { letGo = open; });
  house.core.write = async (...args) => { await gate; return real(...args); };
  return { ...house, letGo };
}

test("a sheet stands before it is taken over, and nobody is told that something is being saved", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  older.answer("RE-1.1", { yes: true });
  await older.flush();
  const slow = slowWindow();
  const newer = await slow.drafts.open(older.draft.inspection);
  assert.equal(newer.answers.get("RE-1.1")?.yes, true);
  assert.deepEqual([newer.saving, newer.trouble, older.trouble], [false, null, null]);
  slow.letGo();
  await newer.flush();
  await until(() => older.trouble !== null);
  assert.equal(older.trouble?.code, "draft_elsewhere");
});

test("what the older window writes while the newer takes over is taken in; what was tapped meanwhile goes on top", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  older.answer("RE-1.1", { yes: true });
  await older.flush();
  const slow = slowWindow();
  const newer = await slow.drafts.open(older.draft.inspection);
  newer.answer("RE-1.1", { note: "路边" });
  newer.answer("RE-1.2", { yes: true });
  newer.set({ village_remarks: "属实" });
  assert.equal(newer.saving, true);
  older.answer("RE-1.1", { yes: false }); // the disk still says that it is the older one's
  older.answer("RE-1.3", { points: "2" });
  older.set({ at_item: "RE-1.3" });
  await older.flush();
  slow.letGo();
  await newer.flush();
  const seen = [["RE-1.1", false, "路边"], ["RE-1.2", true, ""], ["RE-1.3", null, ""]];
  assert.deepEqual((await answersIn(house)).map(({ item, answer }) => [item, answer.yes, answer.note]), seen);
  assert.deepEqual([...newer.answers.values()].map(({ item, yes, note }) => [item, yes, note]).sort(), seen);
  assert.deepEqual([newer.draft.village_remarks, newer.draft.at_item], ["属实", "RE-1.3"]);
  older.answer("RE-1.3", { points: "1" });
  await until(() => older.trouble !== null);
  assert.equal(older.trouble?.code, "draft_elsewhere");
  assert.equal((await answersIn(house)).find(({ item }) => item === "RE-1.3")?.answer.points, "2");
});

test("taking over changes nothing that is as it was: the same objects, no other time of saving", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  for (const item of ["RE-1.1", "RE-1.2"]) older.answer(item, { counts: { each: 1 } });
  await older.close();
  const slow = slowWindow();
  const newer = await slow.drafts.open(older.draft.inspection);
  const [before, at, { inspectors }] = [new Map(newer.answers), newer.savedAt, newer.draft];
  slow.letGo();
  await newer.flush();
  for (const [item, answer] of newer.answers) assert.equal(answer, before.get(item));
  assert.equal(newer.draft.inspectors, inspectors);
  assert.deepEqual([newer.savedAt, newer.draft.updated_at], [at, at]);
});

test("of two windows that open at once one has the sheet, and the other knows", async () => {
  const house = await freshHouse();
  const { inspection } = await house.drafts.begin(WANTED);
  const [one, two] = [slowWindow(), slowWindow()];
  const sheets = [await one.drafts.open(inspection), await two.drafts.open(inspection)];
  sheets.forEach((sheet, n) => sheet.answer(`RE-1.${n + 1}`, { yes: true }));
  one.letGo();
  two.letGo();
  const codes = () => sheets.map((sheet) => sheet.trouble?.code ?? null);
  await until(() => codes().some(Boolean));
  await rest(60); // and no word that comes late ends the other too
  assert.deepEqual(codes().sort(), ["draft_elsewhere", null]);
  assert.equal((await answersIn(house)).length, 2); // both taps were taken before the word went round
});

test("a sheet that was handed in before it was taken over says so and writes nothing", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  const { inspection } = older.draft;
  const slow = slowWindow();
  const newer = await slow.drafts.open(inspection);
  newer.answer("RE-1.1", { yes: true });
  await house.drafts.finish(inspection, { inspection }, [], "");
  slow.letGo();
  await assert.rejects(newer.flush(), (error: Trouble) => error.code === "draft_gone");
  assert.deepEqual([newer.trouble?.code, await answersIn(house), await house.drafts.list()], ["draft_gone", [], []]);
});

test("a full disk keeps nobody from reading; taking over is tried again", async () => {
  const house = await freshHouse();
  const { inspection } = await house.drafts.begin(WANTED);
  mend = breakPut("drafts", domError("QuotaExceededError"), "always");
  const sheet = await house.drafts.open(inspection);
  await until(() => sheet.trouble !== null);
  assert.equal(sheet.trouble?.code, "storage_full");
  mend();
  sheet.answer("RE-1.1", { yes: true });
  await sheet.flush();
  assert.deepEqual([sheet.trouble, (await answersIn(house)).length], [null, 1]);
});

test("a sheet read ahead opens without the disk, and is what the disk says a moment later", async () => {
  const house = await freshHouse();
  const older = await opened(house);
  const { inspection } = older.draft;
  const newer = window_();
  await newer.drafts.prepare(inspection);
  older.answer("RE-1.1", { yes: true }); // this window hears nothing of it
  await older.flush();
  const real = newer.core.read.bind(newer.core);
  newer.core.read = () => Promise.reject(new Error("not asked"));
  const sheet = await newer.drafts.open(inspection);
  newer.core.read = real;
  assert.equal(sheet.answers.size, 0);
  await sheet.flush();
  assert.equal(sheet.answers.get("RE-1.1")?.yes, true);
  await sheet.close();
  await newer.drafts.prepare(inspection);
  newer.live.tell("answers"); // heard: what was read ahead is forgotten
  newer.core.read = () => Promise.reject(new Error("asked"));
  await assert.rejects(newer.drafts.open(inspection), /asked/);
});

test("a sheet that is handed in before it was taken over is taken over first", async () => {
  const house = await freshHouse();
  const { inspection } = await house.drafts.begin(WANTED);
  await house.drafts.prepare(inspection);
  await house.drafts.open(inspection); // drawn from memory; the disk comes after
  const entry = await house.drafts.finish(inspection, { inspection }, [], "");
  assert.deepEqual([entry.seq, await house.drafts.list()], [1, []]);
});
