/** Everything of one person that no server has receipted, as one file (docs/rescue.md). Reads only: nothing is deleted,
 * nothing is written, so it works with a full disk, without network, and weeks after the session ran out.
 */
import type { Entry, Photo } from "../model";
import { type Lock, locked, sealOf } from "../rules/sealed";
import { announced } from "../rules/submission";
import { type Bytes, type ZipEntry, zipped } from "../rules/zip";
import { type RescueFile, type RescueKind, type RescueWeight, Trouble } from "../tablet";
import { now } from "./clock";
import { type DraftCopy, backedOf, copies } from "./draft-copy";
import { waitingEntries } from "./log";
import { personKept } from "./people";
import { bytesOf, listPhotos } from "./photo-news";
import type { PersonKept, ReplicaKept } from "./shapes";
import type { Shelf } from "./shelf";
import type { Core } from "./store";

export interface Around {
  shelf: Shelf;
  build: string;
  platform: string;
  command(entry: Entry): object; // as it travels (sync/batches.ts)
  open(core: Core): readonly DraftCopy[]; // sheets on the screen, with what could not be written
}
interface Held {
  entries: Entry[];
  drafts: DraftCopy[];
  photos: Photo[];
  hashes: string[]; // of the bytes that go along
  unread: RescueKind[];
}
interface Listed { file: string; sha256: string; size: number }

const text = new TextEncoder();

/** What would go. */
export async function weigh(around: Around, person: string): Promise<RescueWeight> {
  const { entries, drafts, photos, hashes, unread } = await held(around, person);
  const sizes = new Map(photos.map(({ sha256, size }) => [sha256, size]));
  return { commands: entries.length, drafts: drafts.length, photos: hashes.length, bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), unread };
}

/** The file. `passphrase` null: readable by anybody for the person who works now, and for the server alone of others. */
export async function make(around: Around, person: string, passphrase: string | null, tell: (share: number) => void): Promise<RescueFile> {
  const { shelf } = around;
  const kept = await personKept(shelf, person);
  if (!kept) throw new Trouble("rescue_nobody", "这台平板上没有这个人的内容。");
  const own = (await shelf.current()) === person;
  const { deposit } = kept;
  const locks: Lock[] = [
    ...(passphrase !== null && own ? [{ kind: "passphrase" as const, words: passphrase }] : []),
    ...(deposit && (passphrase !== null || !own) ? [{ kind: "deposit" as const, token: deposit }] : []),
  ];
  if (!own && !locks.length) throw new Trouble("rescue_own", "这些内容只能由本人导出。请本人联网登录一次，再来导出。");
  const all = await held(around, person);
  const at = new Date();
  const lacking: string[] = [];
  const zip = zipped(entriesOf(around, kept, all, lacking, tell), at);
  // Each piece goes to the browser's own keeping at once, so that memory holds one photo at a time.
  const parts: Blob[] = [];
  for await (const piece of locks.length ? locked(zip, locks) : zip) parts.push(new Blob([piece]));
  const ending = locks.length ? "xuncun" : "zip";
  const whose = (kept.title || kept.name).replace(/[\\/:*?"<>|\s]+/g, "");
  const name = `巡村救援-${whose}-${stamp(at)}.${ending}`;
  return { file: new File(parts, name, { type: locks.length ? "application/octet-stream" : "application/zip" }), locked: locks.length > 0, unread: all.unread, lacking: lacking.length };
}

/** Each store for itself: one that cannot be read must not cost what lies in the others. */
async function held({ shelf, open }: Around, person: string): Promise<Held> {
  const { core } = shelf.of(person);
  const unread: RescueKind[] = [];
  const failures: unknown[] = [];
  const read = async <T>(kind: RescueKind, from: (core: Core) => Promise<T[]>): Promise<T[]> => from(core).catch((error: unknown) => {
    unread.push(kind);
    failures.push(error);
    return [];
  });
  const [entries, drafts, all] = await Promise.all([read("commands", waitingEntries), read("drafts", copies), read("photos", listPhotos)]);
  const newer = new Map([...drafts, ...open(core)].map((copy) => [copy.draft.inspection, copy])); // what is in memory can still be saved
  const photos = all.filter((photo) => !photo.stored_at);
  // Where nobody tells what the pictures are of, all of them go: their records name them.
  const hashes = unread.includes("photos") ? await core.read(["bytes"], (t) => t.keys("bytes")).catch(() => []) : photos.map(({ sha256 }) => sha256);
  if (failures.length === 3 && !newer.size && !hashes.length) throw failures[0];
  return { entries, drafts: [...newer.values()], photos, hashes: [...new Set(hashes)], unread };
}

async function* entriesOf(around: Around, kept: PersonKept, { entries, drafts, photos, hashes, unread }: Held, lacking: string[], tell: (share: number) => void): AsyncGenerator<ZipEntry> {
  const { core } = around.shelf.of(kept.id);
  const listed: Record<"commands" | "drafts" | "photos", Listed[]> = { commands: [], drafts: [], photos: [] };
  const put = async (kind: keyof typeof listed, name: string, bytes: Bytes, more: object = {}): Promise<ZipEntry> => {
    listed[kind].push({ file: `${kind}/${name}`, sha256: await sha256(bytes), size: bytes.length, ...more });
    return { name: `${kind}/${name}`, bytes };
  };
  for (const [place, entry] of entries.entries()) {
    const number = String(place + 1).padStart(4, "0");
    yield put("commands", `${number}-${entry.id}.json`, text.encode(JSON.stringify(around.command(entry))));
  }
  for (const copy of drafts) {
    const { inspection } = copy.draft;
    yield put("drafts", `${inspection}.json`, text.encode(JSON.stringify(copy)), { inspection, rev: (await rev(core, inspection)) + 1 });
  }
  for (const [place, hash] of hashes.entries()) {
    const bytes = await bytesOf(core, hash).catch(() => null); // one that cannot be read must not cost the others
    if (bytes) yield put("photos", hash, new Uint8Array(bytes));
    else lacking.push(hash);
    tell((place + 1) / hashes.length);
  }
  const named = new Set(entries.flatMap((entry) => entry.photos));
  const manifest = text.encode(JSON.stringify({
    format: 1, district: kept.district, person: { id: kept.id, title: kept.title || kept.name }, replica: await replica(core),
    device: await around.shelf.knownDevice(), platform: around.platform, build: around.build, made_at: now(), ...listed,
    announced: photos.filter((photo) => !named.has(photo.id)).map(announced), lacking, unread,
  }));
  yield { name: "manifest.json", bytes: manifest };
  if (kept.deposit) yield { name: "seal.json", bytes: text.encode(JSON.stringify(await sealOf(kept.deposit, manifest))) };
}

/** 0 where the store no longer tells: then the server keeps whichever it has. */
const rev = (core: Core, inspection: string): Promise<number> =>
  core.read(["meta"], async (t) => (await backedOf(t, inspection)).rev).catch(() => 0);

const replica = (core: Core): Promise<string> => core.read(["meta"], async (t) =>
  ((await t.get("meta", "replica"))?.value as ReplicaKept | undefined)?.id ?? NOBODY).catch(() => NOBODY);
const NOBODY = "00000000-0000-0000-0000-000000000000"; // nothing was ever done here

async function sha256(bytes: Bytes): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stamp(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}`;
}
