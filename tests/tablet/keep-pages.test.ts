import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, test } from "node:test";
import { type Page, applyPage, carryTowns, cursors, dropCache, refetch, townsHeld } from "../../offline_sync/tablet/keep/pages";
import { sums } from "../../offline_sync/tablet/keep/sums";
import type { Cache } from "../../offline_sync/tablet/keep/store";
import { breakPut, domError, freshHouse } from "./keep-house";

let mend: () => void = () => undefined;
afterEach(() => mend());

const TOWN = "110109105";
const VILLAGE = "110109105210";
const change = (scope: string, rev: number, kind: string, id: string, row: object = {}) =>
  ({ scope, rev, kind, id, row: { village: VILLAGE, ...row } }) as Page["changes"][number];
const page = (scopes: Record<string, number>, changes: Page["changes"] = [], more: Partial<Page> = {}): Page =>
  ({ head: Math.max(0, ...Object.values(scopes)), drop: [], floor: {}, scopes, changes, ...more });

const rowsIn = async (cache: Cache) =>
  (await cache.read(["rows"], (t) => t.all("rows"))).map(({ kind, id, rev, scopes }) => `${kind} ${id} ${rev} ${scopes.join("+")}`);

/** Apply with the cursors that are there. */
const put = async (cache: Cache, one: Page) => assert.equal(await applyPage(cache, await cursors(cache), one), true);

test("a page comes whole, rows and cursors, or not at all", async () => {
  const { cache } = await freshHouse();
  const first = page({ g: 5, [TOWN]: 5 }, [change("g", 3, "town", TOWN), change(TOWN, 5, "task", "t1")]);
  mend = breakPut("scopes", domError("QuotaExceededError"));
  await assert.rejects(applyPage(cache, {}, first));
  assert.deepEqual([await rowsIn(cache), await cursors(cache)], [[], {}]);
  assert.equal(await applyPage(cache, {}, first), true);
  assert.deepEqual([await rowsIn(cache), await cursors(cache)], [[`task t1 5 ${TOWN}`, `town ${TOWN} 3 g`], { g: 5, [TOWN]: 5 }]);
});

test("a page asked with other cursors than there are is not applied", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ g: 5 }, [change("g", 5, "town", "x")]));
  for (const asked of [{}, { g: 4 }, { g: 5, "u:a": 0 }] as Record<string, number>[]) {
    assert.equal(await applyPage(cache, asked, page({ g: 9 }, [change("g", 9, "town", "x")])), false);
  }
  assert.deepEqual([await rowsIn(cache), await cursors(cache)], [["town x 5 g"], { g: 5 }]);
});

test("of two windows with the same page only one applies it", async () => {
  const { cache } = await freshHouse();
  const one = page({ g: 5 }, [change("g", 5, "town", "x")]);
  assert.deepEqual((await Promise.all([applyPage(cache, {}, one), applyPage(cache, {}, one)])).sort(), [false, true]);
});

test("a row is replaced only by a later one", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ [TOWN]: 8 }, [change(TOWN, 8, "task", "t", { stage: "closed" })]));
  await put(cache, page({ [TOWN]: 8, "d:x": 9 }, [change("d:x", 6, "task", "t", { stage: "accepted" })], { head: 9 }));
  const [row] = await cache.read(["rows"], (t) => t.all("rows"));
  assert.deepEqual([row!.rev, (row!.row as { stage: string }).stage, row!.scopes], [8, "closed", [TOWN, "d:x"]]);
  await put(cache, page({ [TOWN]: 10, "d:x": 9 }, [change(TOWN, 10, "task", "t", { stage: "accepted" })]));
  assert.deepEqual(await rowsIn(cache), [`task t 10 ${TOWN}+d:x`]);
});

test("a scope that is lost goes first, with every row that no other scope holds", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ [TOWN]: 5, "d:x": 5 },
    [change(TOWN, 3, "task", "t1"), change(TOWN, 4, "task", "t2"), change("d:x", 4, "task", "t2"), change(TOWN, 5, "task", "t3")]));
  await put(cache, page({ "d:x": 7 }, [change("d:x", 7, "task", "t3")], { drop: [TOWN] }));
  assert.deepEqual(await rowsIn(cache), ["task t2 4 d:x", "task t3 7 d:x"]);
  assert.deepEqual(await cursors(cache), { "d:x": 7 });
});

test("a village that becomes part of a whole town is seen until the town has been read, and then as the town tells it", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ [VILLAGE]: 5 }, [change(VILLAGE, 3, "task", "t1"), change(VILLAGE, 4, "task", "t2")]));
  await put(cache, page({ [TOWN]: 3 }, [change(TOWN, 3, "task", "t1")], { drop: [VILLAGE], head: 9 }));
  assert.deepEqual(await rowsIn(cache), [`task t1 3 ${TOWN}`, `task t2 4 ${TOWN}`]);
  await put(cache, page({ [TOWN]: 9 }));
  assert.deepEqual(await rowsIn(cache), [`task t1 3 ${TOWN}`]); // t2 was not told again
});

test("a row that left a scope goes unless another holds it, and may come back", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ "u:a": 5, g: 5 }, [change("u:a", 4, "round", "r"), change("u:a", 5, "photo", "p")]));
  await put(cache, page({ "u:a": 6, g: 6 }, [change("g", 6, "round", "r")],
    { gone: [{ scope: "u:a", kind: "round", id: "r" }, { scope: "u:a", kind: "photo", id: "p" }, { scope: "u:a", kind: "card", id: "none" }] }));
  assert.deepEqual(await rowsIn(cache), ["round r 6 g"]);
  await put(cache, page({ "u:a": 7, g: 6 }, [change("u:a", 7, "photo", "p")]));
  assert.deepEqual(await rowsIn(cache), ["photo p 7 u:a", "round r 6 g"]);
});

test("finished work at or below the floor leaves, with photos that nothing which stays shows", async () => {
  const { cache } = await freshHouse();
  const photos = (...ids: string[]) => ({ photos: ids.map((id) => ({ id })) });
  await put(cache, page({ [TOWN]: 20 }, [
    change(TOWN, 1, "task", "open", { stage: "accepted", ...photos("p1") }), change(TOWN, 2, "task", "done", { stage: "closed", ...photos("p1", "p2") }),
    change(TOWN, 3, "inspection", "published", { stage: "published", ...photos("p3") }),
    change(TOWN, 4, "photo", "p1"), change(TOWN, 5, "photo", "p2"), change(TOWN, 6, "photo", "p3"), change(TOWN, 11, "photo", "p4"),
    change(TOWN, 12, "task", "late", { stage: "closed", ...photos() }), change(TOWN, 7, "village", VILLAGE),
  ], { floor: { [TOWN]: 10 } }));
  assert.deepEqual((await rowsIn(cache)).map((row) => row.split(" ")[1]), ["p1", "p4", "late", "open", VILLAGE]);
  // A task that was closed after the floor keeps its old photos; without it they count no longer, though they are still here.
  await put(cache, page({ [TOWN]: 25 }, [change(TOWN, 25, "task", "open", { stage: "closed", ...photos("p1") })], { floor: { [TOWN]: 11 } }));
  const staying = [`village|${VILLAGE}|7`, "task|late|12", "task|open|25"];
  assert.deepEqual((await sums(cache, [TOWN]))[TOWN], serverSum([...staying, "photo|p1|4"]));
  await put(cache, page({ [TOWN]: 26 }, [change(TOWN, 26, "task", "open", { stage: "closed", ...photos() })], { floor: { [TOWN]: 11 } }));
  assert.deepEqual((await sums(cache, [TOWN]))[TOWN], serverSum([...staying.slice(0, 2), "task|open|26"]));
});

test("a scope that slept past its floor begins anew: what was finished there meanwhile is told no more", async () => {
  const { cache } = await freshHouse();
  const task = (rev: number, id: string, stage: string) => change(TOWN, rev, "task", id, { stage, photos: [] });
  await put(cache, page({ [TOWN]: 5, g: 5 }, [task(3, "ended", "accepted"), task(4, "open", "accepted"), change("g", 5, "town", TOWN)]));
  const late = page({ [TOWN]: 40, g: 40 }, [task(39, "new", "accepted")], { floor: { [TOWN]: 20 } });
  assert.equal(await applyPage(cache, await cursors(cache), late), false);
  assert.deepEqual(await cursors(cache), { [TOWN]: 0, g: 5 });
  assert.equal((await rowsIn(cache)).length, 3, "seen until told anew");
  await put(cache, page({ [TOWN]: 4, g: 5 }, [task(4, "open", "accepted")], { head: 40, floor: { [TOWN]: 20 } }));
  await put(cache, page({ [TOWN]: 40, g: 40 }, [task(39, "new", "accepted")], { floor: { [TOWN]: 20 } }));
  assert.deepEqual((await rowsIn(cache)).map((row) => row.split(" ")[1]), ["new", "open", TOWN]);
});

const serverSum = (names: string[]) => {
  let x = 0n;
  for (const name of names) x ^= createHash("sha256").update(name).digest().readBigUInt64BE(0);
  return { n: names.length, x: x.toString(16).padStart(16, "0") };
};

test("sums are the server's: count and XOR of what each scope holds above its floor", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ [TOWN]: 5, g: 5 }, [change(TOWN, 3, "task", "t1"), change(TOWN, 5, "task", "t2"), change("g", 4, "town", TOWN)]));
  const ours = await sums(cache, [TOWN, "g", "u:a"]);
  assert.deepEqual(ours[TOWN], serverSum(["task|t1|3", "task|t2|5"]));
  assert.deepEqual(ours.g, serverSum([`town|${TOWN}|4`]));
  assert.deepEqual(ours["u:a"], serverSum([]));
});

test("a damaged row is noticed and mended by fetching the scope anew; meanwhile nothing is taken from sight", async () => {
  const { cache } = await freshHouse();
  const told = [change(TOWN, 3, "task", "t1", { text: "真" }), change(TOWN, 5, "task", "t2")];
  await put(cache, page({ [TOWN]: 5 }, told));
  await cache.write(["rows"], async (t) => {
    const row = (await t.get("rows", ["task", "t1"]))!;
    t.put("rows", { ...row, rev: 999, row: { text: "假" } });
    t.put("rows", { ...row, id: "never", rev: 4 });
  });
  assert.notDeepEqual((await sums(cache, [TOWN]))[TOWN], serverSum(["task|t1|3", "task|t2|5"]));
  await refetch(cache, [TOWN, "unheld"]);
  assert.deepEqual(await cursors(cache), { [TOWN]: 0 });
  assert.equal((await rowsIn(cache)).length, 3);
  await put(cache, page({ [TOWN]: 3 }, told.slice(0, 1), { head: 5 }));
  await put(cache, page({ [TOWN]: 5 }, told.slice(1)));
  assert.deepEqual((await sums(cache, [TOWN]))[TOWN], serverSum(["task|t1|3", "task|t2|5"]));
  assert.equal(((await cache.read(["rows"], (t) => t.get("rows", ["task", "t1"])))!.row as { text: string }).text, "真");
});

test("a page that was on its way when the cache was dropped does not bring old rows back", async () => {
  const { cache } = await freshHouse();
  await put(cache, page({ g: 5 }, [change("g", 5, "town", "x")]));
  const asked = await cursors(cache);
  await dropCache(cache);
  assert.equal(await applyPage(cache, asked, page({ g: 9 }, [change("g", 9, "town", "y")])), false);
  assert.deepEqual([await rowsIn(cache), await cursors(cache)], [[], {}]);
});

test("a district post carries the towns it chose: a new one is asked for from the start, one left goes with its rows", async () => {
  const { cache } = await freshHouse();
  const put = (scopes: Record<string, number>, changes: [string, string][]) => applyPage(cache, { ...held }, {
    head: 9, drop: [], floor: {}, scopes, changes: changes.map(([scope, id]) => ({ scope, rev: 5, kind: "village", id, row: {} })),
  } as unknown as Page);
  let held: Record<string, number> = {};
  assert.equal(await put({ g: 9 }, []), true);
  await carryTowns(cache, ["110109105", "110109104"]);
  held = await cursors(cache);
  assert.deepEqual(held, { g: 9, "110109105": 0, "110109104": 0 });
  assert.equal(await put({ g: 9, "110109105": 9, "110109104": 9 }, [["110109105", "110109105210"], ["110109104", "110109104201"]]), true);
  await carryTowns(cache, ["110109104"]);
  assert.deepEqual([await townsHeld(cache), Object.keys(await cursors(cache)).sort()], [["110109104"], ["110109104", "g"]]);
  assert.deepEqual((await cache.read(["rows"], (t) => t.all("rows"))).map(({ id }) => id), ["110109104201"]);
  assert.equal((await cursors(cache))["110109104"], 9, "what stays is not fetched again");
});
