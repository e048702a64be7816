/** A page of its own for tests in a real browser: the camera and the stores, without any screen. */
import { develop } from "../../offline_sync/tablet/camera/develop";
import { whereNow } from "../../offline_sync/tablet/camera/where";
import { KeptDrafts } from "../../offline_sync/tablet/keep/drafts";
import { makeOutbox } from "../../offline_sync/tablet/keep/outbox";
import { applyPage, cursors } from "../../offline_sync/tablet/keep/pages";
import { remember } from "../../offline_sync/tablet/keep/people";
import { KeptPictures } from "../../offline_sync/tablet/keep/photos";
import { makeRows } from "../../offline_sync/tablet/keep/rows";
import { Shelf } from "../../offline_sync/tablet/keep/shelf";
import { askToPersist, storageState } from "../../offline_sync/tablet/keep/space";
import { openLive } from "../../offline_sync/tablet/live";
import type { OpenDraft } from "../../offline_sync/tablet/tablet";

const A = "0193a000-0000-7000-8000-00000000000a";
const shelf = new Shelf(openLive());
const drafts = new KeptDrafts(shelf);
const pictures = new KeptPictures(shelf, develop, async () => undefined);
const rows = makeRows(shelf);
let sheet: OpenDraft | null = null;

const wanted = {
  about: { kind: "inspection", id: "i", item: null, finding: null }, role: "before", pairs: null,
  position: { lat: 39.970123, lng: 116.012345, accuracy: 8 }, place: "斋堂镇 安家庄村", who: "张三",
} as const;

const base64 = (bytes: ArrayBuffer): string => {
  let text = "";
  new Uint8Array(bytes).forEach((byte) => (text += String.fromCharCode(byte)));
  return btoa(text);
};

async function fetched(name: string, more: FilePropertyBag = {}): Promise<File> {
  return new File([await (await fetch(name, { cache: "no-store" })).arrayBuffer()], name, { lastModified: Date.now(), ...more });
}

async function start(): Promise<void> {
  await remember(shelf, {
    id: A, name: "张三", title: "", district: "110109", posts: [], offline_until: "2099-01-01T00:00:00+08:00", session: "s",
    deposit: "d", must_change: false,
  });
  await shelf.become(A);
}

async function open(): Promise<void> {
  const { inspection } = await drafts.begin({
    round: "0193a000-0000-7000-8000-0000000000f0", village: "110109105210", assignment: null, inspectors: [A], position: null,
    checklist: { code: "RE", version: "1.0", sha256: "ab".repeat(32) },
  });
  sheet = await drafts.open(inspection);
}

const timed = async (work: () => unknown): Promise<number> => {
  const from = performance.now();
  await work();
  return performance.now() - from;
};

/** Milliseconds from each tap to its being on the disk, and what a store that holds nothing else takes beside it. */
async function taps(count: number): Promise<{ taps: number[]; bare: number[] }> {
  const took = { taps: [] as number[], bare: [] as number[] };
  const put = await bare();
  for (let n = 0; n < count; n += 1) {
    const answer = { counts: { each: n }, note: `第 ${n} 次` };
    took.taps.push(await timed(() => {
      sheet!.answer(`RE-${n % 42}`, answer);
      return sheet!.flush();
    }));
    took.bare.push(await timed(() => put([{ id: n % 42, answer }])));
  }
  return took;
}

/** A store of the browser's with nothing of ours around it: puts all of these in one go. */
async function bare(): Promise<(all: unknown[]) => Promise<void>> {
  const db = await new Promise<IDBDatabase>((done) => {
    const ask = indexedDB.open("bare");
    ask.onupgradeneeded = () => void ask.result.createObjectStore("all", { keyPath: "id" });
    ask.onsuccess = () => done(ask.result);
  });
  return (all) => new Promise((done) => {
    const t = db.transaction("all", "readwrite", { durability: "strict" });
    for (const one of all) t.objectStore("all").put(one);
    t.oncomplete = () => done();
  });
}

/** Milliseconds that all villages and tasks take to be read, and as many put into a bare store. */
async function reads(): Promise<{ villages: number; tasks: number; read: number; bare: number }> {
  let [villages, tasks]: [unknown[], unknown[]] = [[], []];
  const read = await timed(async () => { [villages, tasks] = [await rows.all("village"), await rows.all("task")]; });
  const put = await bare();
  return { villages: villages.length, tasks: tasks.length, read, bare: await timed(() => put([...villages, ...tasks])) };
}

async function developed(name: string, more: { role?: "signature"; lastModified?: number; position?: null } = {}) {
  const { lastModified, ...rest } = more;
  const { bytes, preview, ...facts } = await develop(await fetched(name, lastModified ? { lastModified } : {}), { ...wanted, ...rest });
  return { ...facts, bytes: base64(bytes), preview: preview && base64(preview) };
}

const told = async <T>(work: Promise<T>): Promise<T | { code: string; message: string }> =>
  work.catch((error) => ({ code: String(error.code ?? error), message: String(error.message) }));

const bench = {
  start, open, taps, reads, sheet: () => sheet, drafts, shelf, rows, outbox: makeOutbox(shelf),
  only: async (name: string) => void (await develop(await fetched(name), wanted)),
  developed: (...args: Parameters<typeof developed>) => told(developed(...args)),
  /** What the camera has put into the page's file field. */
  take: async () => told(pictures.take(document.querySelector("input")!.files![0]!, wanted)),
  url: (sha256: string, preview: boolean) => pictures.url(sha256, preview),
  answers: () => [...sheet!.answers].map(([item, { counts }]) => [item, counts?.each]),
  where: whereNow, persist: askToPersist, room: storageState,
  async pull(changes: Parameters<typeof applyPage>[2]["changes"], scopes: Record<string, number>) {
    const { cache } = await shelf.mine();
    return applyPage(cache, await cursors(cache), { head: Math.max(...Object.values(scopes)), drop: [], floor: {}, scopes, changes });
  },
};
Object.assign(globalThis, { bench });
