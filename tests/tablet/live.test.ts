import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { openLive, type OpenLive } from "../../offline_sync/tablet/live";

const open: OpenLive[] = [];
const tab = (name: string): OpenLive => {
  const made = openLive(name);
  open.push(made);
  return made;
};
const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 30));
afterEach(() => open.splice(0).forEach((one) => one.close()));

test("who asked for a topic hears it once a turn, others do not", async () => {
  const live = tab("a");
  const heard: string[] = [];
  live.on(["drafts", "photos"], () => heard.push("mine"));
  live.on(["rows"], () => heard.push("rows"));
  live.tell("drafts", "photos");
  live.tell("drafts");
  assert.deepEqual(heard, [], "not before the teller is done");
  await turn();
  assert.deepEqual(heard, ["mine"]);
  live.tell("drafts");
  await turn();
  assert.deepEqual(heard, ["mine", "mine"]);
});

test("the other tabs hear it too, and do not say it again", async () => {
  const [here, there] = [tab("b"), tab("b")];
  let far = 0;
  let near = 0;
  here.on(["outbox"], () => near++);
  there.on(["outbox"], () => far++);
  here.tell("outbox");
  await turn();
  assert.deepEqual([near, far], [1, 1]);
});

test("who has left hears nothing, even when another's hearing made them leave", async () => {
  const live = tab("c");
  let heard = 0;
  live.on(["rows"], () => leave());
  const leave = live.on(["rows"], () => heard++);
  live.tell("rows");
  await turn();
  live.tell("rows");
  await turn();
  assert.equal(heard, 0);
});

test("one hearer's fault does not keep the others from hearing", async () => {
  const faults: unknown[] = [];
  const before = globalThis.reportError;
  globalThis.reportError = (fault: unknown) => void faults.push(fault);
  try {
    const live = tab("d");
    let heard = 0;
    live.on(["sync"], () => {
      throw new Error("broken screen");
    });
    live.on(["sync"], () => heard++);
    live.tell("sync");
    await turn();
    assert.equal(heard, 1);
    assert.match(String(faults[0]), /broken screen/);
  } finally {
    globalThis.reportError = before;
  }
});
