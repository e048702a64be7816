/** What the store tests share: a fresh IndexedDB, a signed-in person, a draft, and ways to break things. */
import "fake-indexeddb/auto";
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { KeptDrafts } from "../../offline_sync/tablet/keep/drafts";
import { makeOutbox } from "../../offline_sync/tablet/keep/outbox";
import { remember } from "../../offline_sync/tablet/keep/people";
import type { PhotoKept } from "../../offline_sync/tablet/keep/shapes";
import { Shelf } from "../../offline_sync/tablet/keep/shelf";
import type { Live, Topic } from "../../offline_sync/tablet/tablet";

/** Node waits for open channels; browsers do not. */
class Channel extends BroadcastChannel {
  constructor(name: string) {
    super(name);
    (this as unknown as { unref(): void }).unref();
  }
}
globalThis.BroadcastChannel = Channel;

/** A Live of this page alone that also writes down what was told. */
export function ownLive(): Live & { told: Topic[] } {
  const ears = new Set<{ topics: readonly Topic[]; hear: () => void }>();
  const told: Topic[] = [];
  return {
    told,
    on(topics, hear) {
      const ear = { topics, hear };
      ears.add(ear);
      return () => void ears.delete(ear);
    },
    tell(...topics) {
      told.push(...topics);
      for (const ear of [...ears]) if (ear.topics.some((topic) => topics.includes(topic))) ear.hear();
    },
  };
}

export const A = "0193a000-0000-7000-8000-00000000000a";
export const B = "0193a000-0000-7000-8000-00000000000b";

/** Another window on the same stores. */
export function window_() {
  const live = ownLive();
  const shelf = new Shelf(live);
  return { live, shelf, drafts: new KeptDrafts(shelf), outbox: makeOutbox(shelf), core: shelf.of(A).core, cache: shelf.of(A).cache };
}

export type House = ReturnType<typeof window_>;

/** An empty device where A has just signed in. */
export async function freshHouse(): Promise<House> {
  globalThis.indexedDB = new IDBFactory();
  const house = window_();
  await signIn(house.shelf, A);
  return house;
}

export async function signIn(shelf: Shelf, id: string): Promise<void> {
  await remember(shelf, {
    id, name: "张三", title: "巡检员", district: "110109", posts: [], offline_until: "2099-01-01T00:00:00+08:00",
    session: `session-${id}`, deposit: `deposit-${id}`, must_change: false,
  });
  await shelf.become(id);
}

export const WANTED = {
  round: "0193a000-0000-7000-8000-0000000000f0", village: "110109105210",
  checklist: { code: "RE", version: "1.0", sha256: "ab".repeat(32) },
  assignment: "0193a000-0000-7000-8000-0000000000f1", inspectors: [A], position: null,
};

export function photo(id: string, inspection: string, more: Partial<PhotoKept> = {}): PhotoKept {
  return {
    id, sha256: id.slice(-2).repeat(32), size: 3, mime: "image/jpeg", width: 4, height: 3, taken_at: "2026-11-20T08:00:00+08:00",
    position: null, pairs: null, role: "before", about: { kind: "inspection", id: inspection, item: null, finding: null },
    stored_at: null, preview_sent: false, kept_at: "2026-11-20T08:00:00+08:00", named: null, ...more,
  };
}

/** Make the `nth` next put (or every one) into a store fail as the browser would; returns what mends it. */
export function breakPut(store: string, error: () => Error, which: "next" | "always" = "next"): () => void {
  const real = IDBObjectStore.prototype.put;
  const mend = (): void => void (IDBObjectStore.prototype.put = real);
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...args: Parameters<typeof real>) {
    if (this.name !== store) return real.apply(this, args);
    if (which === "next") mend();
    throw error();
  } as typeof real;
  return mend;
}

export const domError = (name: string) => (): DOMException => new DOMException(name, name);

/** Wait until this is so, two seconds at most: a busy machine takes its time. */
export async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 200 && !(await so()); n += 1) await rest(10);
}

/** Let all that is under way here come to rest. */
export const rest = (ms = 30): Promise<void> => new Promise((done) => setTimeout(done, ms));
