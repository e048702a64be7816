import assert from "node:assert/strict";
import { test } from "node:test";
import { SheetModel } from "../../offline_sync/tablet/screens/sheet/model";
import { pressed, typed } from "../../offline_sync/tablet/rules/digits";
import { drawNote, drawn } from "../../offline_sync/tablet/rules/homes";
import { format } from "../../offline_sync/tablet/rules/decimal";
import { fakeTablet } from "./fakes";
import { ALL, AUTHOR, RE, VISIT, draft, filled, found, id } from "./sheets";

async function sheet(answers = filled(), checklist = RE) {
  const fake = fakeTablet({}, { id: AUTHOR, title: "甲" });
  fake.drafts.set(VISIT, { draft, answers });
  const open = await fake.tablet.drafts.open(VISIT);
  const model = new SheetModel(open, { checklist, village: "安家庄村", round: "", author: "甲", names: new Map() });
  return { fake, open, model };
}

const take = (fake: Awaited<ReturnType<typeof sheet>>["fake"], item: string, finding: string) => fake.tablet.pictures.take(new Blob(["x"]), {
  about: { kind: "inspection", id: VISIT, item, finding }, role: "before", pairs: null, position: null, place: "", who: "",
});

test("a tap moves the score and what it touched; everything else stays the very same", async () => {
  const { model, open } = await sheet();
  const others = RE.items.filter((item) => item.code !== "RE-1.1").map((item) => item.code);
  const seen = () => others.map((code) => [model.answer(code), model.earned(code), model.needsOf(code), model.photosOf(code)]);
  const before = seen();
  const sections = RE.sections.slice(1).map((section) => model.left(section.code));
  const score = model.score.score;
  let heard = 0;
  model.on(() => { heard += 1; });
  model.change("RE-1.1", { counts: { each: 3 } });
  assert.ok(heard >= 1);
  assert.notEqual(model.score.score && format(model.score.score), score && format(score));
  assert.deepEqual(model.needsOf("RE-1.1").map((need) => need.kind), ["counts", "photo"]);
  assert.equal(model.photosMissing, 2);
  seen().forEach((now, at) => now.forEach((one, n) => assert.equal(one, before[at]?.[n], others[at])));
  RE.sections.slice(1).forEach((section, at) => assert.equal(model.left(section.code), sections[at]));
  await open.close();
});

test("a save that changes no answer works nothing out anew", async () => {
  const { model, open } = await sheet();
  const { score, needs } = model;
  await open.flush();
  model.open.set({ at_item: "RE-1.2" });
  assert.equal(model.score, score);
  assert.equal(model.needs, needs);
});

test("photos come to their item, others keep theirs", async () => {
  const { model, fake } = await sheet();
  model.change("RE-1.1", { counts: { each: 1 }, findings: [found(20)] });
  model.change("RE-1.2", { counts: { each: 1 }, findings: [found(21)] });
  await take(fake, "RE-1.1", id(20));
  const first = model.photosOf("RE-1.1");
  assert.equal(first.length, 1);
  assert.deepEqual(model.needsOf("RE-1.1").map((need) => [need.kind, need.count]), [["photo", 1], ["position", 1]]);
  await take(fake, "RE-1.2", id(21));
  assert.equal(model.photosOf("RE-1.1"), first);
  assert.equal(model.photosOf("RE-1.2").length, 1);
  const [photo] = first;
  await fake.tablet.pictures.remove(photo?.id ?? "");
  assert.equal(model.photosOf("RE-1.1").length, 0);
});

test("sections tell what is left, and what is filled but lacks something", async () => {
  const { model } = await sheet(new Map());
  assert.deepEqual(model.left("RE-1"), { open: 6, of: 6, needs: 0 });
  model.change("RE-1.1", { counts: { each: 1 } });
  assert.deepEqual(model.left("RE-1"), { open: 5, of: 6, needs: 1 });
  assert.equal(model.unfilled, RE.items.filter((item) => !item.auto).length - 1);
});

test("the signature is the last thing that holds up finishing", async () => {
  const { model } = await sheet();
  assert.deepEqual(model.needs.map((need) => need.kind), ["signature"]);
  model.open.set({ signature: { name: "", photo: null, refused: "不在场" } });
  assert.deepEqual(model.needs, []);
});

test("homes drawn anew after clearing are a further draw; other items go as if never touched", async () => {
  const { model } = await sheet(new Map(), ALL);
  const item = ALL.items.find((one) => one.scoring.kind === "sample")?.code ?? "";
  model.change(item, { drawn: [1, 2], failed: [], note: drawNote(40, 1, "") });
  model.clear(item);
  assert.equal(drawn(model.answer(item)?.note ?? "")?.turn, 1);
  assert.deepEqual(model.needsOf(item).map((need) => need.kind), ["unfilled"]);
  const other = ALL.items.find((one) => one.scoring.kind === "deduct")?.code ?? "";
  model.change(other, { counts: {} });
  model.clear(other);
  assert.equal(model.answer(other), undefined);
});

test("the pad types figures and nothing else", () => {
  const keys = (text: string, places = 2, digits = 6) => [...text].reduce((now, key) => pressed(now, key, places, digits), "");
  assert.equal(keys("84.5"), "84.5");
  assert.equal(keys("84.567"), "84.56");
  assert.equal(keys("007"), "7");
  assert.equal(keys(".5"), "0.5");
  assert.equal(keys("1..5"), "1.5");
  assert.equal(keys("12.5", 0), "125");
  assert.equal(keys("12345", 0, 3), "123");
  assert.equal(keys("12⌫"), "1");
  assert.deepEqual(["", "8.", "8.5"].map(typed), [null, "8", "8.5"]);
});
