/** Photos after their records: what is missing, small previews at once, originals oldest first. */
import type { Photo } from "../model";
import { Halt, halted, type Hand } from "./hand";
import { type Ended, Pieces, upload } from "./upload";

const ASKED_AT_ONCE = 500;
const FRUITLESS = 2; // cuts in a row without a byte more before the run gives up for now
const RESTS = [0, 500, 1_500, 4_000]; // ms before each turn of those that a cut line still holds on the server's side
const ROUNDS = 40; // tries of one photo within a run, whatever happens

/** `sent` bytes of this photo are on the way. */
export type Progress = (photo: Photo, sent: number) => void;

/** What outlives a run: how the link was, and photos that the server will not have as they are. */
export interface PhotoMemory {
  pieces: Pieces;
  across: number; // previews, originals and stretches of them that got through
  unfit: Map<string, string>; // sha256 → why; tried again when the app starts anew or somebody asks
}

export const freshMemory = (): PhotoMemory => ({ pieces: new Pieces(), across: 0, unfit: new Map() });

export interface Wanted {
  photos: Photo[]; // one for each hash, oldest first
  begun: Set<string>; // some bytes of it are there
}

/** Photos whose record the server has and whose bytes it lacks, by the server's own word. */
export async function stillWanted(hand: Hand): Promise<Wanted> {
  const named = new Set<string>();
  for (const entry of await hand.store.kept()) {
    if (entry.verdict && entry.verdict.status !== "rejected") entry.photos.forEach((id) => named.add(id));
  }
  const waiting = (await hand.store.photos()).filter((photo) => !photo.stored_at && named.has(photo.id));
  const byHash = new Map(waiting.sort(older).map((photo) => [photo.sha256, photo] as const).reverse());
  const begun = new Set<string>();
  const hashes = [...byHash.keys()];
  for (let place = 0; place < hashes.length; place += ASKED_AT_ONCE) {
    const sha256 = hashes.slice(place, place + ASKED_AT_ONCE);
    const told = await hand.must<{ missing: string[]; partial: Record<string, number> }>(
      "any", "POST", "/api/blobs/missing", { json: { sha256 } });
    const there = sha256.filter((one) => !told.missing.includes(one));
    if (there.length) await hand.store.told(there, { stored_at: hand.link.serverNow(), problem: null });
    there.forEach((one) => byHash.delete(one));
    Object.entries(told.partial).forEach(([one, bytes]) => bytes > 0 && begun.add(one));
  }
  return { photos: [...byHash.values()].sort(older), begun };
}

const older = (a: Photo, b: Photo): number => a.kept_at.localeCompare(b.kept_at) || a.id.localeCompare(b.id);

/** Small pictures first: with them the office sees the whole visit within seconds. A refusal harms no original. */
export async function sendPreviews(hand: Hand, photos: readonly Photo[], memory: PhotoMemory): Promise<void> {
  for (const photo of photos) {
    if (photo.preview_sent) continue;
    const data = await hand.store.preview(photo.sha256);
    if (data) {
      const bytes = { data, type: "image/jpeg" };
      const told = await hand.call("any", "PUT", `/api/blobs/${photo.sha256}/preview`, { bytes });
      if (told.kind === "refused" && told.status >= 500) throw halted(told);
    }
    await hand.store.told([photo.sha256], { preview_sent: true });
    memory.across += 1;
  }
}

/** One after the other: first those of which some bytes are there, then the oldest. `between` runs before each: words
 * that came meanwhile go first; when it says false the rest waits, by the person's own choice of links.
 *
 * False when some are still held: by another window, or by a line that died and that the server has not given up yet.
 */
export async function sendOriginals(hand: Hand, wanted: Wanted, memory: PhotoMemory, progress: Progress, between: () => Promise<boolean>): Promise<boolean> {
  const begun = (photo: Photo): number => (wanted.begun.has(photo.sha256) ? 0 : 1);
  let left = wanted.photos.filter((photo) => !memory.unfit.has(photo.sha256)).sort((a, b) => begun(a) - begun(b));
  for (const ms of RESTS) {
    if (!left.length) break;
    await rest(ms, hand.signal);
    const held: Photo[] = [];
    for (const photo of left) {
      if (!(await between())) return true;
      const data = await hand.store.bytes(photo.sha256);
      if (!data) await setAside(hand, photo, memory, "本机已没有这张照片的原文件，服务器也还没有收到；请告诉管理员。");
      else if (!(await sendOne(hand, photo, data, wanted.begun.has(photo.sha256), memory, progress))) held.push(photo);
    }
    left = held;
  }
  return left.length === 0;
}

/** So long, or until the run is told to stop. */
function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (!ms || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/** False when it is held elsewhere: its turn comes again. */
async function sendOne(hand: Hand, photo: Photo, data: ArrayBuffer, begun: boolean, memory: PhotoMemory, progress: Progress): Promise<boolean> {
  let fruitless = 0;
  let damaged = 0;
  let reached = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const token = await hand.token("any");
    const { sha256, mime } = photo;
    const ended = await upload({
      base: hand.link.base, token, sha256, mime, data, begun: begun || round > 0, signal: hand.signal,
      progress: (sent) => progress(photo, sent),
    }, memory.pieces);
    if (hand.signal?.aborted) throw new Halt("stopped", "");
    hand.reached(ended.kind !== "cut");
    if (ended.kind === "stored" || (ended.kind === "cut" && ended.sent > reached)) memory.across += 1;
    if (ended.kind === "stored") {
      await hand.store.told([sha256], { stored_at: hand.link.serverNow(), problem: null });
      return true;
    }
    if (ended.kind === "cut") {
      fruitless = ended.sent > reached ? 0 : fruitless + 1;
      reached = Math.max(reached, ended.sent);
      if (fruitless >= FRUITLESS) throw new Halt("unreachable", ended.sentence, ended.retry_ms);
    } else {
      damaged += Number(ended.status === 460);
      const means = await judged(hand, photo, memory, ended, token, damaged);
      if (means !== "again") return means === "aside";
    }
  }
  throw new Halt("unreachable", "照片传输反复中断，稍后自动继续；已传的部分不用重传。");
}

/** What a refusal means for this photo: once more, later, or set aside with its reason. Halts where it is about more. */
async function judged(hand: Hand, photo: Photo, memory: PhotoMemory, told: Extract<Ended, { kind: "refused" }>, token: string, damaged: number): Promise<"again" | "later" | "aside"> {
  if (await hand.refusedToken(told, token, "any")) return "again";
  if (told.status === 409 || told.status === 408 || told.status === 410) return "again"; // the server says where to go on
  if (told.status === 460 && damaged < 2) return "again"; // damaged on the way: what it kept of it still counts
  if (told.status === 423) {
    await hand.store.told([photo.sha256], { problem: told.sentence });
    return "later";
  }
  if (told.status >= 500) throw halted(told);
  await setAside(hand, photo, memory, told.sentence);
  return "aside";
}

async function setAside(hand: Hand, photo: Photo, memory: PhotoMemory, sentence: string): Promise<void> {
  memory.unfit.set(photo.sha256, sentence);
  await hand.store.told([photo.sha256], { problem: sentence });
}
