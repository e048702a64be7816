import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { IDBObjectStore, forceCloseDatabase } from "fake-indexeddb";
import { openDB } from "idb";
import { Store } from "../../offline_sync/tablet/keep/store";
import { Trouble } from "../../offline_sync/tablet/tablet";
import { breakPut, domError, freshHouse } from "./keep-house";

type Plain = { a: { key: string; value: { id: string; n: number; tags?: string[] } }; b: { key: string; value: { id: string } } };
const V1 = { stores: { a: "id", b: "id" } };
const plain = (steps = [V1] as ConstructorParameters<typeof Store>[1]): Store<Plain> => new Store<Plain>("plain", steps, "strict");
let mend: () => void = () => undefined;
afterEach(() => mend());

async function rows(store: Store<Plain>): Promise<string[]> {
  return store.read(["a", "b"], async (t) => [...await t.keys("a"), ...await t.keys("b")]);
}

test("work that throws leaves nothing behind, not even what it had asked to write before", async () => {
  await freshHouse();
  const store = plain();
  await assert.rejects(store.write(["a", "b"], async (t) => {
    t.put("a", { id: "1", n: 1 });
    await t.get("b", "x");
    throw new Error("dead");
  }), /dead/);
  assert.deepEqual(await rows(store), []);
});

test("a write that fails in the middle takes the earlier ones back", async () => {
  await freshHouse();
  const store = plain();
  mend = breakPut("b", domError("QuotaExceededError"));
  await assert.rejects(store.write(["a", "b"], async (t) => {
    t.put("a", { id: "1", n: 1 });
    t.put("b", { id: "2" });
  }), (error: Trouble) => error.code === "storage_full" && error.message.includes("空间"));
  assert.deepEqual(await rows(store), []);
});

test("work that idles until its transaction has ended writes nothing, rather than half", async () => {
  await freshHouse();
  const store = plain();
  await assert.rejects(store.write(["a"], async (t) => {
    t.put("a", { id: "1", n: 1 });
    await new Promise((done) => setTimeout(done, 20));
    t.put("a", { id: "2", n: 1 });
  }), (error: Trouble) => error.code === "store_lost");
  assert.deepEqual(await rows(store), []);
});

test("a write has reached the disk when it resolves: strict, and after complete", async () => {
  const { core } = await freshHouse();
  const asked: unknown[] = [];
  const real = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof real>) {
    const t = real.apply(this, args);
    if (args[1] === "readwrite") {
      asked.push(args[2]?.durability);
      t.addEventListener("complete", () => asked.push("complete"));
    }
    return t;
  };
  mend = () => void (IDBDatabase.prototype.transaction = real);
  await core.write(["drafts"], async (t) => t.remove("drafts", "none"));
  asked.push("resolved");
  assert.deepEqual(asked, ["strict", "complete", "resolved"]);
});

for (const way of ["closed", "forced"] as const) {
  test(`a connection ${way} under our feet is opened again and the work done`, async () => {
    await freshHouse();
    const store = plain();
    const handles: IDBDatabase[] = [];
    const real = IDBDatabase.prototype.transaction;
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof real>) {
      handles.push(this);
      return real.apply(this, args);
    };
    mend = () => void (IDBDatabase.prototype.transaction = real);
    await store.write(["a"], async (t) => t.put("a", { id: "1", n: 1 }));
    if (way === "closed") handles[0]!.close();
    else forceCloseDatabase(handles[0]! as never);
    await store.write(["a"], async (t) => t.put("a", { id: "2", n: 1 }));
    assert.deepEqual(await rows(store), ["1", "2"]);
  });
}

test("a connection lost in the middle of the work is made good once", async () => {
  await freshHouse();
  const store = plain();
  mend = breakPut("a", domError("UnknownError"));
  await store.write(["a"], async (t) => t.put("a", { id: "1", n: 1 }));
  assert.deepEqual(await rows(store), ["1"]);
});

test("a connection lost again and again is said, in words that tell what to do", async () => {
  await freshHouse();
  const store = plain();
  mend = breakPut("a", domError("InvalidStateError"), "always");
  await assert.rejects(store.write(["a"], async (t) => t.put("a", { id: "1", n: 1 })),
    (error: Trouble) => error instanceof Trouble && error.code === "store_lost" && error.message.includes("不要关闭"));
});

test("an older store grows by the steps it has not taken, and keeps what it has", async () => {
  await freshHouse();
  const old = plain();
  await old.write(["a"], async (t) => t.put("a", { id: "1", n: 7, tags: ["x", "y"] }));
  const newer = plain([V1, { stores: { c: "id" }, indexes: [["a", "n", "n"], ["a", "tags", "tags", "each"]] }]);
  // The old tab's handle is open: it makes way by itself.
  assert.deepEqual(await newer.read(["a"], (t) => t.keys("a", { index: "tags", is: "y" })), ["1"]);
  await assert.rejects(old.read(["a"], (t) => t.all("a")), (error: Trouble) => error.code === "store_newer");
});

test("no answer at all from the browser is said too", { timeout: 5_000 }, async (t) => {
  await freshHouse();
  const holder = await openDB("plain", 1);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const waiting = assert.rejects(plain([V1, {}]).read(["a"], (r) => r.all("a")), (error: Trouble) => error.code === "store_stuck");
  await new Promise((done) => setImmediate(done));
  t.mock.timers.tick(10_001);
  await waiting;
  holder.close();
});

test("ranges find the rows of a compound key and of an index", async () => {
  const { core } = await freshHouse();
  for (const [inspection, item] of [["i", "RE-1"], ["i", "RE-2"], ["ii", "RE-1"]] as const) {
    await core.write(["answers"], async (t) => t.put("answers", { inspection, item, answer: {} as never }));
  }
  assert.deepEqual(await core.read(["answers"], (t) => t.keys("answers", { starts: ["i"] })), [["i", "RE-1"], ["i", "RE-2"]]);
  assert.equal((await core.read(["answers"], (t) => t.all("answers", { limit: 1 }))).length, 1);
  assert.ok(IDBObjectStore);
});
