/** People come and go on one tablet: whose work it is stays whose, and what is unsent leaves all the same. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { Trouble } from "../../../offline_sync/tablet/tablet";
import { House, pause, pictures, until } from "./house";
import { Road } from "./road";
import { begun, newDevice, Tablet, VILLAGE, WORD } from "./tablet";

const house = new House();
let road: Road;
const shots = pictures(["a", "b", "c", "d", "e", "f"], 60);
const shot = (name: string) => shots.get(name)!;
let village = 110109005201;
const nextVillage = (): string => String(village++);
let open: Tablet | null = null;

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
beforeEach(async () => {
  await open?.close();
  open = null;
  road.mishap = () => undefined;
});
after(async () => {
  await open?.close();
  await road.close();
  await house.end();
});

async function inspector(): Promise<Tablet> {
  open = await begun(road.url, "inspector");
  road.log.length = 0;
  return open;
}

const personOf = (name: string): string => String(house.sql("SELECT id FROM person WHERE name = ?", name)[0]?.[0]);
const authorOf = (command: string): unknown => house.sql("SELECT person FROM command WHERE id = ?", command)[0]?.[0];
const stored = (sha256: string): boolean => house.sql("SELECT state FROM photo WHERE sha256 = ?", sha256)[0]?.[0] === "stored";
const cached = async (tablet: Tablet, id: string): Promise<number> => (await tablet.shelf.of(id).cache.read(["rows"], (t) => t.all("rows"))).length;

test("a session that ran out for weeks: work goes on, the deposit hands it in with its photos", async () => {
  const mine = await inspector();
  const me = await mine.me();
  house.sql("UPDATE session SET expires = '2020-01-01 00:00:00+00:00' WHERE kind = 'session' AND person_id = ?", me);
  const { entry, photos } = await mine.visit([shot("a")], nextVillage());
  await mine.drained();
  assert.equal(authorOf(entry.id), me);
  assert.ok(photos.every((one) => stored(one.sha256)));
  await until("the wish for a sign-in", () => mine.engine.state.needs === "sign_in");
  assert.match(mine.engine.state.problem ?? "", /重新登录/);
  assert.ok((await mine.people.current())?.signed_in, "whoever works is not thrown out");
  assert.ok((await cached(mine, me)) > 0);
  // Another one: at once, not only when the failed pull is tried again.
  const second = await mine.visit([], nextVillage());
  await mine.drained();
  assert.equal(authorOf(second.entry.id), me);
  await mine.people.signIn("inspector", WORD);
  await mine.calm();
  assert.equal(mine.engine.state.needs, null);
});

test("A signs out with unsent work, B signs in: A's leaves by A's deposit while B works, and is A's", async () => {
  const mine = await inspector();
  const a = await mine.me();
  road.mishap = ({ path }) => (path.startsWith("/api/sync") ? { status: 503 } : undefined);
  const { entry, photos } = await mine.visit([shot("b")], nextVillage());
  await mine.people.signOut();
  assert.equal(await mine.people.current(), null);
  const [known] = await mine.people.list();
  assert.deepEqual([known?.id, known?.signed_in, known?.deposit, known?.waiting, known?.photos_waiting], [a, false, true, 1, 1]);
  await mine.people.signIn("inspector2", WORD);
  const b = await mine.me();
  assert.notEqual(b, a);
  const theirs = await mine.act("village.locate", { village: VILLAGE, position: { lat: 40, lng: 116, accuracy: 1 }, photo: null });
  road.log.length = 0;
  road.mishap = () => undefined;
  mine.engine.now();
  await mine.drained(a);
  await mine.drained(b);
  assert.deepEqual([authorOf(entry.id), authorOf(theirs.id)], [a, b]);
  assert.ok(photos.every((one) => stored(one.sha256)));
  const { deposit } = await (await mine.store(a)).standing();
  const sent = road.log.filter((one) => one.path.startsWith("/api/tus"));
  assert.ok(sent.length && sent.every((one) => one.headers.authorization === `Bearer ${deposit}`));
  assert.ok((await (await mine.store(a)).kept()).every((one) => one.verdict?.status === "applied"));
  await assert.rejects(mine.people.choose(a), (error: Trouble) => error.code === "sign_in_needed");
});

test("a sign-out without a line is a sign-out; a page under way is not put in place afterwards", async () => {
  const mine = await inspector();
  const me = await mine.me();
  await (await mine.store()).dropCache();
  road.mishap = ({ path }) => (path === "/api/sync/pull" ? { delay_ms: 300 } : undefined);
  mine.engine.now();
  await until("the question for rows", () => road.count("POST", "/api/sync/pull") > 0);
  road.mishap = () => ({ status: 502 });
  await mine.people.signOut();
  await pause(500);
  assert.equal(await cached(mine, me), 0);
  assert.equal((await (await mine.store(me)).standing()).session, null);
});

test("an account that ended: the cache goes, own work stays and is handed in, to wait for the office", async () => {
  const mine = await inspector();
  const me = await mine.me();
  road.mishap = ({ path }) => (path === "/api/sync/push" ? { status: 503 } : undefined);
  const { entry, photos } = await mine.visit([shot("c")], nextVillage());
  house.sql("UPDATE person SET disabled = 1 WHERE id = ?", me);
  road.mishap = () => undefined;
  try {
    mine.engine.now();
    await until("nobody is signed in", async () => (await mine.people.current()) === null);
    assert.equal(await cached(mine, me), 0);
    await mine.drained(me);
    const [kept] = (await (await mine.store(me)).kept()).filter((one) => one.id === entry.id);
    assert.deepEqual([kept?.verdict?.status, kept?.verdict?.reason], ["held", "account_disabled"]);
    assert.equal((await (await mine.store(me)).photos()).length, photos.length);
    assert.ok(await (await mine.store(me)).bytes(photos[0]?.sha256 ?? ""));
  } finally {
    house.sql("UPDATE person SET disabled = 0 WHERE id = ?", me);
  }
  await mine.people.signIn("inspector", WORD);
  await mine.calm();
  assert.ok((await cached(mine, me)) > 0);
});

test("a tablet that the office took out of service keeps nothing of the server's", async () => {
  const mine = await inspector();
  const me = await mine.me();
  house.sql("UPDATE device SET revoked = 1 WHERE id = ?", await mine.stores.device());
  mine.engine.now();
  await until("nobody is signed in", async () => (await mine.people.current()) === null);
  assert.equal(await cached(mine, me), 0);
});

test("a one-time password: told so, unsent work goes by the deposit, a new password opens the rest", async () => {
  const mine = await inspector();
  const me = await mine.me();
  await mine.people.signOut();
  house.sql("UPDATE person SET must_change = 1 WHERE id = ?", me);
  await mine.people.signIn("inspector", WORD);
  await until("the wish for a password", () => mine.engine.state.needs === "password");
  const { entry } = await mine.act("village.locate", { village: VILLAGE, position: { lat: 41, lng: 116, accuracy: 1 }, photo: null }).then((one) => ({ entry: one }));
  await mine.drained();
  assert.equal(authorOf(entry.id), me);
  await assert.rejects(mine.people.changePassword("wrong", "another-word-1"), (error: Trouble) => /原密码/.test(error.message));
  await mine.people.changePassword(WORD, "another-word-1");
  await mine.calm();
  assert.equal(mine.engine.state.needs, null);
  await mine.people.changePassword("another-word-1", WORD);
});

test("a ticket enrols once; a wrong password and no line are told in words", async () => {
  newDevice();
  open = await new Tablet(road.url).open();
  const hash = createHash("sha256").update("the-ticket").digest("hex");
  house.sql("INSERT INTO ticket (token_hash, person_id, expires) VALUES (?, ?, '2099-01-01 00:00:00+00:00')", hash, personOf("inspector2"));
  const known = await open.people.enrol("the-ticket");
  assert.equal(known.id, personOf("inspector2"));
  assert.ok(known.signed_in && known.deposit && known.posts.length);
  await open.calm();
  assert.ok((await open.rows("village")).length > 0);
  await assert.rejects(open.people.enrol("the-ticket"), (error: Trouble) => error.code === "ticket_dead" && /二维码/.test(error.message));
  await assert.rejects(open.people.signIn("inspector", "wrong-word"), (error: Trouble) => error.code === "wrong_password");
  road.mishap = () => ({ status: 502 });
  await assert.rejects(open.people.signIn("inspector", WORD), (error: Trouble) => error.code === "unreachable" && /有信号/.test(error.message));
  assert.equal(await open.me(), personOf("inspector2"));
});

test("what does not add up is fetched anew", async () => {
  const mine = await inspector();
  const me = await mine.me();
  const [some] = (await mine.shelf.of(me).cache.read(["rows"], (t) => t.all("rows"))).filter((one) => one.kind === "village");
  assert.ok(some);
  await mine.shelf.of(me).cache.write(["rows"], async (t) => {
    t.put("rows", { ...some, rev: some.rev + 1, row: { name: "?" } });
  });
  await (await mine.store()).mark({ verified_at: null });
  mine.engine.now();
  await until("the mended row", async () => (await mine.rows<{ name: string }>("village")).some((one) => one.id === some.id && one.name !== "?"));
  await mine.calm();
  const { verified_at } = await (await mine.store()).standing();
  assert.ok(verified_at);
});
