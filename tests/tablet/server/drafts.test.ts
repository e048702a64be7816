/** Drafts on the real server: sent when they changed, offered to their author on another tablet, ended with their visit. */
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Around, make } from "../../../offline_sync/tablet/keep/rescue";
import { backedOf } from "../../../offline_sync/tablet/keep/draft-copy";
import { KeptDrafts } from "../../../offline_sync/tablet/keep/drafts";
import { DraftBackups } from "../../../offline_sync/tablet/sync/backups";
import { commandOf } from "../../../offline_sync/tablet/sync/batches";
import { WANTED } from "../keep-house";
import { House, pause, pictures, until } from "./house";
import { Road } from "./road";
import { begun, newDevice, Tablet } from "./tablet";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const house = new House();
let road: Road;
let open: Tablet[] = [];
let village = 110109005211;
const COPY_MS = 1_000; // between two copies of a draft that is being filled in
const shots = pictures(["d1", "d2"], 60);

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
const shut = async (): Promise<void> => { for (const one of open.splice(0)) await one.close(); };
beforeEach(async () => {
  await shut();
  road.mishap = () => undefined;
});
after(async () => {
  await shut();
  await road.close();
  await house.end();
});

interface Desk { mine: Tablet; drafts: KeptDrafts; backups: DraftBackups; me: string }

async function someone(name = "inspector"): Promise<Desk> {
  const mine = await begun(road.url, name);
  open.push(mine);
  road.log.length = 0;
  return { mine, drafts: new KeptDrafts(mine.shelf), backups: new DraftBackups(mine.stores, mine.link, mine.live), me: await mine.me() };
}

async function draft({ drafts, me }: Desk, note: string): Promise<string> {
  const { inspection } = await drafts.begin({ ...WANTED, assignment: null, inspectors: [me], village: String(village++) });
  await say({ drafts } as Desk, inspection, note);
  return inspection;
}

async function say({ drafts }: Pick<Desk, "drafts">, inspection: string, note: string): Promise<void> {
  const sheet = await drafts.open(inspection);
  sheet.answer("RE-2.1", { note });
  await sheet.close();
}

const rows = (inspection: string) => house.sql("SELECT rev, doc, person FROM draft WHERE inspection = ?", inspection);
const docOf = (inspection: string) => JSON.parse(String(rows(inspection)[0]?.[1] ?? "null")) as { answers: { note: string }[]; photos: unknown[] } | null;
const puts = () => road.count("PUT", "/api/drafts/");
async function again({ mine }: Desk): Promise<void> {
  await mine.idle(); // else it could be one that began before
  const before_ = mine.engine.state.last_ok;
  mine.engine.now();
  await until("another run", () => mine.engine.state.last_ok !== before_ && !mine.engine.state.running);
}

test("a draft goes along when it changed, and only then", async () => {
  const desk = await someone();
  const inspection = await draft(desk, "第一次");
  await again(desk);
  assert.equal(docOf(inspection)?.answers[0]?.note, "第一次");
  const first = Number(rows(inspection)[0]?.[0]);
  await again(desk);
  assert.equal(puts(), 1);
  await say(desk, inspection, "第二次");
  await again(desk);
  assert.equal(docOf(inspection)?.answers[0]?.note, "第二次");
  assert.equal(Number(rows(inspection)[0]?.[0]), first + 2);
  assert.equal(rows(inspection)[0]?.[2], desk.me);
});

test("an answer that was lost does not let a newer copy go under a taken number", async () => {
  const desk = await someone();
  const inspection = await draft(desk, "旧");
  road.mishap = ({ method, path }) => (method === "PUT" && path.startsWith("/api/drafts") ? { lose_answer: true } : undefined);
  await again(desk); // nothing else of the run fails
  assert.equal(desk.mine.engine.state.problem, null);
  assert.ok((desk.mine.engine.state.copies_failed ?? 0) > 0, "but it is counted");
  assert.equal(docOf(inspection)?.answers[0]?.note, "旧");
  road.mishap = () => undefined;
  await say(desk, inspection, "新");
  await again(desk);
  assert.equal(docOf(inspection)?.answers[0]?.note, "新");
});

test("words and small pictures go before it, originals after; refused as it is, it is not sent again", async () => {
  const desk = await someone();
  await draft(desk, "在填");
  road.mishap = ({ method, path }) => (method === "PUT" && path.startsWith("/api/drafts") ? { rewrite: () => '{"rev":-1,"doc":{}}' } : undefined);
  await desk.mine.visit([shots.get("d1")!], "110109005207");
  await desk.mine.drained();
  await desk.mine.calm();
  const order = road.log.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36,64}/, "*")}`);
  const at = order.indexOf("PUT /api/drafts/*");
  assert.ok(order.indexOf("POST /api/sync/push") < at && order.indexOf("PUT /api/blobs/*/preview") < at, order.join("\n"));
  assert.ok(at < order.findIndex((one) => one.startsWith("POST /api/tus")), order.join("\n"));
  const tries = puts();
  await until("idle", () => !desk.mine.engine.state.running);
  desk.mine.live.tell("outbox");
  assert.equal(puts(), tries);
});

test("on a new tablet its author takes it back; photos stayed on the old one; nobody else is offered it", async () => {
  const desk = await someone();
  const inspection = await draft(desk, "填了一半");
  const photo = await desk.mine.keep(shots.get("d2")!, inspection);
  const sheet = await desk.drafts.open(inspection);
  const finding = { id: photo.id, place: "村口", text: "垃圾", rule: "each", count: 1, position: null, photos: [photo.id], after: [], action: "record" as const, unit: null, severity: "minor" as const, days: null };
  sheet.answer("RE-1.1", { counts: { each: 1 }, findings: [finding] });
  sheet.set({ signature: { name: "王书记", photo: photo.id, refused: null } });
  await sheet.close();
  await again(desk);
  assert.deepEqual((await desk.backups.offers()).filter((one) => one.inspection === inspection), [], "not where it lies already");
  await shut();

  const other = await someone("inspector2");
  await again(other);
  assert.deepEqual(await other.backups.offers(), []);
  await shut();

  newDevice();
  const fresh = await someone();
  await until("the offer", async () => (await fresh.backups.offers()).some((one) => one.inspection === inspection));
  const offer = (await fresh.backups.offers()).find((one) => one.inspection === inspection);
  assert.deepEqual([offer?.answers, offer?.photos, offer?.checklist], [2, 1, "RE"]);
  road.mishap = ({ path }) => (path.startsWith("/api/blobs") ? { status: 502 } : undefined);
  await assert.rejects(fresh.backups.take(inspection), { code: "unreachable" });
  assert.equal((await fresh.drafts.list()).length, 0, "half of it is nothing");
  road.mishap = () => undefined;
  assert.deepEqual(await fresh.backups.take(inspection), { lacking: 1 });
  const back = await fresh.drafts.open(inspection);
  assert.equal(back.answers.get("RE-2.1")?.note, "填了一半");
  assert.deepEqual(back.answers.get("RE-1.1")?.findings[0]?.photos, []);
  assert.equal(back.draft.signature, null);
  back.answer("RE-2.1", { note: "在新平板上" });
  await back.close();
  await again(fresh);
  assert.equal(docOf(inspection)?.answers.find((one) => one.note)?.note, "在新平板上", "its counter goes on from the server's");
  assert.deepEqual((await fresh.backups.offers()).filter((one) => one.inspection === inspection), []);
});

test("photos that a rescue brought come back with the draft", async () => {
  const desk = await someone();
  const inspection = await draft(desk, "带照片");
  const photo = await desk.mine.keep(shots.get("d2")!, inspection);
  const around: Around = { shelf: desk.mine.shelf, build: "t", platform: "t", command: commandOf, open: () => [] };
  const { file } = await make(around, desk.me, null, () => undefined);
  writeFileSync(join(house.folder, "draft.zip"), Buffer.from(await file.arrayBuffer()));
  await shut();
  house.manage("import-rescue", join(house.folder, "draft.zip"), "--data", house.data);
  newDevice();
  const fresh = await someone();
  await until("the offer", async () => (await fresh.backups.offers()).some((one) => one.inspection === inspection));
  assert.deepEqual(await fresh.backups.take(inspection), { lacking: 0 });
  assert.deepEqual(Buffer.from((await (await fresh.mine.store()).bytes(photo.sha256))!), shots.get("d2")!.original);
});

test("never over a draft that is here: neither its own nor one of the same visit", async () => {
  const desk = await someone();
  const inspection = await draft(desk, "旧平板");
  const place = String(village - 1);
  await again(desk);
  await shut();
  newDevice();
  const fresh = await someone();
  await until("the offer", async () => (await fresh.backups.offers()).some((one) => one.inspection === inspection));
  const offer = await (await fresh.mine.store()).offer(inspection);
  const own = await fresh.drafts.begin({ ...WANTED, assignment: null, village: place });
  assert.deepEqual((await fresh.backups.offers()).filter((one) => one.inspection === inspection), []);
  await assert.rejects(fresh.backups.take(inspection), { code: "draft_here" });
  assert.deepEqual((await fresh.drafts.list()).map((one) => one.inspection), [own.inspection]);
  await fresh.drafts.discard(own.inspection);
  await fresh.backups.take(inspection);
  await say(fresh, inspection, "更新的");
  await assert.rejects((await fresh.mine.store()).takeBack(offer!, new Map()), { code: "draft_here" });
  const sheet = await fresh.drafts.open(inspection);
  assert.equal(sheet.answers.get("RE-2.1")?.note, "更新的");
  await sheet.close();
});

test("thrown away or handed in, its copy ends; not before the server has the visit", async () => {
  const desk = await someone();
  const [thrown, handed] = [await draft(desk, "不要了"), await draft(desk, "交了")];
  await again(desk);
  await desk.drafts.discard(thrown);
  await again(desk);
  assert.equal(docOf(thrown), null);
  road.mishap = ({ path }) => (path === "/api/sync/push" ? { status: 503 } : undefined);
  await desk.drafts.finish(handed, { inspection: handed, nonsense: true }, [], "检查");
  desk.mine.live.tell("outbox");
  await until("a try", () => desk.mine.engine.state.problem !== null);
  assert.notEqual(docOf(handed), null, "the copy is worth something as long as the visit is on its way");
  road.mishap = () => undefined;
  await again(desk);
  await again(desk);
  assert.equal(docOf(handed), null, "held or not: it is received");
  const sent = puts();
  await again(desk);
  assert.equal(puts(), sent, "the end is said once");
  await shut();
  newDevice();
  const fresh = await someone();
  await again(fresh);
  const ids = (await fresh.backups.offers()).map((one) => one.inspection);
  assert.ok(!ids.includes(thrown) && !ids.includes(handed));
});

test("a server that was restored gets them anew", async () => {
  const desk = await someone();
  const inspection = await draft(desk, "备份前");
  await again(desk);
  const { core } = desk.mine.shelf.of(desk.me);
  const before_ = await core.read(["meta"], (t) => backedOf(t, inspection));
  house.sql("DELETE FROM draft WHERE inspection = ?", inspection);
  await (await desk.mine.store()).mark({ epoch: "0193a000-0000-7000-8000-0000000000ee" }); // it was another server once
  await again(desk);
  assert.equal(docOf(inspection)?.answers[0]?.note, "备份前");
  assert.equal(Number(rows(inspection)[0]?.[0]), before_.rev + 2);
});

test("while it is filled in it goes along by itself, not at every tap", async () => {
  const desk = await someone();
  await desk.mine.close();
  open = [];
  const again_ = new Tablet(road.url, 40, "1", COPY_MS);
  open.push(await again_.open());
  await again_.calm();
  const drafts = new KeptDrafts(again_.shelf);
  const inspection = await draft({ ...desk, mine: again_, drafts }, "0");
  const sheet = await drafts.open(inspection);
  const [before_, begun_] = [puts(), performance.now()];
  for (let tap = 1; tap <= 20; tap += 1) {
    sheet.answer("RE-2.1", { note: String(tap) });
    await sheet.flush();
    await pause(50);
  }
  await until("the last tap", () => docOf(inspection)?.answers[0]?.note === "20");
  // No two within the time that was set, however long the taps took here; the first one may be of before.
  const most = 1 + Math.ceil((performance.now() - begun_) / COPY_MS);
  assert.ok(puts() - before_ <= most, `${puts() - before_} copies, ${most} at most`);
  await sheet.close();
});
