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

/** Milliseconds from each tap to its being on the disk. */
async function taps(count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const from = performance.now();
    sheet!.answer(`RE-${n % 42}`, { counts: { each: n }, note: `第 ${n} 次` });
    await sheet!.flush();
    took.push(performance.now() - from);
  }
  return took;
}

async function developed(name: string, more: { role?: "signature"; lastModified?: number; position?: null } = {}) {
  const { lastModified, ...rest } = more;
  const { bytes, preview, ...facts } = await develop(await fetched(name, lastModified ? { lastModified } : {}), { ...wanted, ...rest });
  return { ...facts, bytes: base64(bytes), preview: preview && base64(preview) };
}

const told = async <T>(work: Promise<T>): Promise<T | { code: string; message: string }> =>
  work.catch((error) => ({ code: String(error.code ?? error), message: String(error.message) }));

const bench = {
  start, open, taps, sheet: () => sheet, drafts, shelf, rows, outbox: makeOutbox(shelf),
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
