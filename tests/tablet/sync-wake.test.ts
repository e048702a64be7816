import assert from "node:assert/strict";
import { test } from "node:test";
import { stayAwake } from "../../offline_sync/tablet/sync/wake";

interface World { asked: number; held: number; refuse: boolean; visible: DocumentVisibilityState }

/** A page with a screen lock to give; what is held shows in `held`. */
function page(): { world: World; seen: () => void } {
  const world: World = { asked: 0, held: 0, refuse: false, visible: "visible" };
  const request = async () => {
    world.asked += 1;
    if (world.refuse) throw new DOMException("low battery", "NotAllowedError");
    world.held += 1;
    return { release: async () => void (world.held -= 1) };
  };
  const document_ = Object.assign(new EventTarget(), {});
  Object.defineProperty(document_, "visibilityState", { get: () => world.visible });
  Object.defineProperty(globalThis, "navigator", { value: { wakeLock: { request } }, configurable: true });
  Object.defineProperty(globalThis, "document", { value: document_, configurable: true });
  return { world, seen: () => document_.dispatchEvent(new Event("visibilitychange")) };
}
const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

test("the screen stays on while photos go, and is let go afterwards", async () => {
  const { world } = page();
  const over = stayAwake();
  await turn();
  assert.equal(world.held, 1);
  over();
  await turn();
  assert.equal(world.held, 0);
});

test("taken again when the page is seen again, never while it is hidden", async () => {
  const { world, seen } = page();
  world.visible = "hidden";
  const over = stayAwake();
  await turn();
  assert.equal(world.asked, 0);
  world.visible = "visible";
  seen();
  await turn();
  assert.equal(world.held, 1);
  over();
  seen();
  await turn();
  assert.deepEqual([world.held, world.asked], [0, 1]);
});

test("a lock that comes too late is given back; a refusal or a browser without one stops nothing", async () => {
  const { world } = page();
  const over = stayAwake();
  over();
  await turn();
  assert.equal(world.held, 0);
  world.refuse = true;
  stayAwake()();
  await turn();
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  stayAwake()();
});
