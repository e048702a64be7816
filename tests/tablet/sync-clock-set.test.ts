/** A clock that is set while the page lives: what waits its time does not wait until the clock has caught up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "../../offline_sync/tablet/sync/board";
import type { Link } from "../../offline_sync/tablet/sync/link";
import { withLock } from "../../offline_sync/tablet/sync/lock";
import type { PersonStore } from "../../offline_sync/tablet/sync/ports";
import { type Around, newMemory, Run } from "../../offline_sync/tablet/sync/run";

const A_YEAR = 365 * 24 * 3_600_000;

/** The clock is so many ms off from now on. */
function set(t: { mock: { method: (...words: never[]) => unknown } }, off: number): void {
  const real = Date.now.bind(Date);
  (t.mock.method as (on: object, name: string, by: () => number) => void)(Date, "now", () => real() + off);
}

for (const off of [-A_YEAR, A_YEAR]) {
  test(`a frozen window's lock is passed by though the clock was set by ${off > 0 ? "plus" : "minus"} a year`, async (t) => {
    const request = async (_name: string, _how: unknown, work: (lock: null) => Promise<boolean>) => work(null);
    Object.defineProperty(globalThis, "navigator", { value: { locks: { request } }, configurable: true });
    let ran = 0;
    const work = async (): Promise<void> => void (ran += 1);
    assert.equal(await withLock(work), false);
    set(t as never, off);
    assert.equal(await withLock(work), true);
    assert.equal(ran, 1);
  });

  test(`the server is greeted again though the clock was set by ${off > 0 ? "plus" : "minus"} a year`, async (t) => {
    const asked: string[] = [];
    const link = {
      call: async (_method: string, path: string) => {
        asked.push(path);
        return { kind: "ok", body: { epoch: "e", last_seq: 0, min_build: "", missing: [], partial: {}, limits: {} } };
      },
    };
    const standing = { replica: "r", epoch: "e", deposit: "d", session: null, disabled: false, limits: {} };
    const store = new Proxy({}, {
      get: (_, name) => async () => (name === "standing" ? standing : name === "mark" || name === "clean" ? undefined : []),
    });
    const around = {
      link: link as unknown as Link, board: new Board({ tell: () => undefined }), memory: newMemory(), reached: () => undefined,
      self: { device: "d", build: "1", platform: "node" }, signal: new AbortController().signal, photosWait: () => null,
    } as unknown as Around;
    const run = () => new Run(around, store as unknown as PersonStore, false).all();
    const greetings = () => asked.filter((path) => path === "/api/sync/hello").length;
    await run();
    await run();
    assert.equal(greetings(), 1);
    set(t as never, off);
    await run();
    assert.equal(greetings(), 2);
  });
}

test("progress is shown at once though the clock was set back", (t) => {
  let told = 0;
  const board = new Board({ tell: () => void (told += 1) });
  t.after(() => board.close());
  const photos = (sent: number) => ({ ...board.state.photos, now: { sha256: "a", sent, size: 9 } });
  board.set({ photos: photos(1) });
  assert.equal(told, 1);
  set(t as never, -3_600_000);
  board.set({ photos: photos(2) });
  assert.equal(told, 2);
});
